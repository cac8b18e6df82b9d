use std::net::IpAddr;

use terapi_model::{AccountId, EndUser, OperatorId, Role};
use terapi_store::invitations::InvitationRow;
use terapi_store::memberships::MembershipRow;
use terapi_store::operators::OperatorRow;
use terapi_store::{Constraint, StoreError, Tx, accounts, invitations, memberships, operators};
use terapi_vault::SecretString;
use terapi_vault::hash::token_hash;

use crate::Signup;
use crate::integrations::CreateIntegrationError;
use crate::keys::import_for;
use crate::sealing::SealingError;

use super::sign_in::{Attempt, NoAttempt, email_key};
use super::throttle::Subject;
use super::{MAX_PASSWORD, MIN_PASSWORD, Operator, Operators, Overloaded, tenant};

/// Most characters of a person's or an account's name.
const MAX_NAME: usize = 255;

/// What a new operator typed.
#[derive(Debug)]
pub struct SignUp {
    /// E-mail.
    pub email: String,
    /// Password, 12 to 128 characters.
    pub password: SecretString,
    /// Their name.
    pub display_name: String,
    /// The name of a new account; the operator's own when left out. Ignored by an invitation into an account.
    pub account_name: Option<String>,
    /// The token of a setup or invitation link.
    pub invitation: Option<String>,
    /// Where it comes from.
    pub address: IpAddr,
}

/// Why nobody signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// This instance takes new operators by invitation only.
    #[error("sign-up is by invitation only here; ask an owner of the account for one")]
    Closed,
    /// The link is unknown, used or expired.
    #[error("this link was used already or has expired")]
    InvitationInvalid,
    /// The invitation is bound to another e-mail.
    #[error("this invitation is for another e-mail address")]
    InvitationForAnother,
    /// Somebody has this e-mail.
    #[error("an operator with this e-mail exists; sign in instead")]
    EmailTaken,
    /// Not the shape of an e-mail address.
    #[error("this is not an e-mail address")]
    EmailInvalid,
    /// Fewer characters than a password must have.
    #[error("a password has at least {MIN_PASSWORD} characters")]
    PasswordTooShort,
    /// More characters than a password may have.
    #[error("a password has at most {MAX_PASSWORD} characters")]
    PasswordTooLong,
    /// A name is empty or too long.
    #[error("a name has between 1 and {MAX_NAME} characters")]
    NameInvalid,
    /// Too many have signed up from this address lately, or tried to.
    #[error("too many sign-ups; try again in {retry_after_s} seconds")]
    Throttled {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The environment's keys could not be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The demo integrations could not be made.
    #[error(transparent)]
    Demo(#[from] CreateIntegrationError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NoAttempt> for SignUpError {
    fn from(error: NoAttempt) -> Self {
        match error {
            NoAttempt::Throttled { retry_after_s } => Self::Throttled { retry_after_s },
            NoAttempt::Store(error) => Self::Store(error),
        }
    }
}

/// The same, checked.
pub(super) struct NewOperator {
    pub(super) email: String,
    pub(super) display_name: String,
    pub(super) password_hash: String,
}

impl Operators<'_> {
    /// Makes an operator: with a setup link, or where sign-up is open, together with a new account and its
    /// environments `dev` and `prod`; with an invitation, as a member of that account. All of it or nothing, and
    /// a link works once.
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn sign_up(&self, wanted: SignUp) -> Result<Operator, SignUpError> {
        check_password(&wanted.password)?;
        let email = checked_email(&wanted.email)?;
        let display_name = checked_name(&wanted.display_name)?;
        let account_name = match wanted
            .account_name
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            Some(name) => checked_name(name)?,
            None => display_name.clone(),
        };
        // Asked before the costly hash, and again, decisively, in the transaction.
        self.admit(wanted.invitation.as_deref(), &email).await?;
        if wanted.invitation.is_none() {
            // Whatever becomes of it: accounts cost room, and a refusal tells which e-mails have one.
            Attempt::begin(self, vec![Subject::sign_up(wanted.address)]).await?;
        }
        let password_hash = self.broker.hasher().hash(&wanted.password).await?;
        let new = NewOperator {
            email,
            display_name,
            password_hash,
        };

        let mut tx = self.broker.store().begin().await?;
        let invitation = match &wanted.invitation {
            Some(token) => Some(self.consume(&mut tx, token, &new.email).await?),
            None => None,
        };
        let id = self.insert_operator(&mut tx, new).await?;
        match invitation {
            Some(InvitationRow {
                account_id: Some(account),
                role,
                ..
            }) => {
                self.join(&mut tx, &account, &id, role).await?;
            }
            _ => {
                self.create_account(&mut tx, &account_name, &id).await?;
            }
        }
        tx.commit().await?;
        self.find(&id).await?.ok_or(SignUpError::InvitationInvalid)
    }

    async fn admit(&self, invitation: Option<&str>, email: &str) -> Result<(), SignUpError> {
        let Some(token) = invitation else {
            return match self.broker.settings().signup {
                Signup::Open => Ok(()),
                Signup::First => Err(SignUpError::Closed),
            };
        };
        let found = self
            .setup_invitation(token)
            .await?
            .ok_or(SignUpError::InvitationInvalid)?;
        is_for(found.email.as_deref(), email)
    }

    async fn consume(&self, tx: &mut Tx, token: &str, email: &str) -> Result<InvitationRow, SignUpError> {
        let row = invitations::find_by_hash(tx, &token_hash(token).to_hex())
            .await?
            .ok_or(SignUpError::InvitationInvalid)?;
        if row.account_id.is_none() {
            invitations::lock_setup(tx).await?;
        }
        if !invitations::consume(tx, &row.id, self.broker.now()).await? {
            return Err(SignUpError::InvitationInvalid);
        }
        is_for(row.email.as_deref(), email)?;
        // A setup link is for the first operator; `admin bootstrap` may have been quicker.
        if row.account_id.is_none() && operators::count(tx).await? > 0 {
            return Err(SignUpError::InvitationInvalid);
        }
        Ok(row)
    }

    pub(super) async fn insert_operator(
        &self,
        tx: &mut Tx,
        new: NewOperator,
    ) -> Result<OperatorId, SignUpError> {
        let now = self.broker.now();
        let row = OperatorRow {
            id: self.broker.mint(OperatorId::mint),
            email_key: email_key(&new.email),
            email: new.email,
            display_name: new.display_name,
            password_hash: new.password_hash,
            created_at: now,
            updated_at: now,
        };
        match operators::insert(tx, &row).await {
            Err(StoreError::Conflict {
                constraint: Constraint::OperatorEmail,
            }) => Err(SignUpError::EmailTaken),
            Err(other) => Err(other.into()),
            Ok(()) => Ok(row.id),
        }
    }

    async fn join(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        operator: &OperatorId,
        role: Role,
    ) -> Result<(), StoreError> {
        let row = MembershipRow {
            account_id: account.clone(),
            operator_id: operator.clone(),
            role,
            created_at: self.broker.now(),
        };
        memberships::insert(tx, &row).await
    }

    /// A new account owned by `owner`, with its environments.
    pub(super) async fn create_account(
        &self,
        tx: &mut Tx,
        name: &str,
        owner: &OperatorId,
    ) -> Result<(AccountId, Vec<tenant::NewEnvironment>), SignUpError> {
        let (account, environments) = tenant::create(self.broker, tx, name).await?;
        if accounts::count(tx).await? == 1 {
            import_for(self.broker, tx, &account).await?;
        }
        self.join(tx, &account, owner, Role::Owner).await?;
        Ok((account, environments))
    }
}

fn is_for(bound_to: Option<&str>, email: &str) -> Result<(), SignUpError> {
    match bound_to {
        Some(bound) if email_key(bound) != email_key(email) => Err(SignUpError::InvitationForAnother),
        _ => Ok(()),
    }
}

pub(super) fn checked_email(email: &str) -> Result<String, SignUpError> {
    let email = email.trim();
    if EndUser::is_email(email) && email.len() <= MAX_NAME {
        Ok(email.to_owned())
    } else {
        Err(SignUpError::EmailInvalid)
    }
}

pub(super) fn check_password(password: &SecretString) -> Result<(), SignUpError> {
    match password.expose().chars().count() {
        ..MIN_PASSWORD => Err(SignUpError::PasswordTooShort),
        MIN_PASSWORD..=MAX_PASSWORD => Ok(()),
        _ => Err(SignUpError::PasswordTooLong),
    }
}

fn checked_name(name: &str) -> Result<String, SignUpError> {
    let name = name.trim();
    let sound = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if sound {
        Ok(name.to_owned())
    } else {
        Err(SignUpError::NameInvalid)
    }
}
