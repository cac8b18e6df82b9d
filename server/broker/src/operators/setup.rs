use terapi_model::{AccountId, InvitationId, Role, Timestamp};
use terapi_store::invitations::InvitationRow;
use terapi_store::{StoreError, Tx, accounts, invitations, operators};
use terapi_vault::hash::token_hash;
use terapi_vault::token;

use crate::{Broker, Signup};

use super::Operators;

/// How long a setup link works, seconds. Each start prints a new one while nobody has signed up.
const SETUP_SECONDS: i64 = 24 * 3600;

/// What the page behind a setup or invitation link shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// The only e-mail that may use it, when it is bound to one.
    pub email: Option<String>,
    /// The account it leads into; none for the first owner, who makes one.
    pub account_name: Option<String>,
    /// What the new operator will be.
    pub role: Role,
    /// True for the setup link of a fresh instance.
    pub first: bool,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Operators<'_> {
    /// A one-time link for the first owner, while there is no operator and sign-up is not open to anybody.
    /// Earlier setup links stop working.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn first_setup_link(&self) -> Result<Option<String>, StoreError> {
        if self.broker.settings().signup == Signup::Open {
            return Ok(None);
        }
        let mut tx = self.broker.store().begin().await?;
        invitations::lock_setup(&mut tx).await?;
        if operators::count(&mut tx).await? > 0 {
            return Ok(None);
        }
        invitations::delete_unconsumed_setup(&mut tx).await?;
        let first = Issue {
            account_id: None,
            email: None,
            role: Role::Owner,
            seconds: SETUP_SECONDS,
        };
        let link = issue(self.broker, &mut tx, first).await?;
        tx.commit().await?;
        Ok(Some(link))
    }

    /// What a setup or invitation link offers; `None` when it is unknown, used or expired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setup_invitation(&self, token: &str) -> Result<Option<InvitationView>, StoreError> {
        let mut db = self.broker.store().read().await?;
        let found = invitations::find_by_hash(&mut db, &token_hash(token).to_hex()).await?;
        let Some(found) = found.filter(|row| row.consumed_at.is_none() && row.expires_at > self.broker.now())
        else {
            return Ok(None);
        };
        let account = match &found.account_id {
            Some(id) => accounts::find(&mut db, id).await?,
            None => None,
        };
        Ok(Some(InvitationView {
            first: found.account_id.is_none(),
            email: found.email,
            account_name: account.map(|account| account.name),
            role: found.role,
            expires_at: found.expires_at,
        }))
    }
}

/// What a new link is for.
pub(super) struct Issue {
    pub(super) account_id: Option<AccountId>,
    pub(super) email: Option<String>,
    pub(super) role: Role,
    pub(super) seconds: i64,
}

/// Stores a new link's hash and returns the link, which is not kept.
pub(super) async fn issue(broker: &Broker, tx: &mut Tx, issue: Issue) -> Result<String, StoreError> {
    let token = token::base64url(broker.entropy(), 32);
    let row = InvitationRow {
        id: broker.mint(InvitationId::mint),
        token_hash: token_hash(token.expose()).to_hex(),
        account_id: issue.account_id,
        email: issue.email,
        role: issue.role,
        created_at: broker.now(),
        expires_at: broker.now().plus_seconds(issue.seconds),
        consumed_at: None,
    };
    invitations::insert(tx, &row).await?;
    Ok(broker.settings().setup_link(token.expose()))
}
