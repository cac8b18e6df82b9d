use terapi_model::{AccountId, EndUser, Role};
use terapi_store::{StoreError, memberships, operators};

use crate::{Actor, Caller, Forbidden};

use super::Operators;
use super::setup::{Issue, issue};
use super::sign_in::email_key;

/// How long an invitation works, seconds.
const INVITATION_SECONDS: i64 = 7 * 24 * 3600;

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Only owners and admins invite, and nobody above themselves.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No operator has the inviter's e-mail.
    #[error("the inviter is no operator here")]
    UnknownInviter,
    /// Not the shape of an e-mail address.
    #[error("this is not an e-mail address")]
    EmailInvalid,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operators<'_> {
    /// A one-time link with which the holder of `email` joins the caller's account. Good for 7 days. The link is a
    /// secret: it goes to its reader and nowhere else.
    ///
    /// # Errors
    /// [`InviteError`].
    pub async fn invite_into(&self, caller: &Caller, email: &str, role: Role) -> Result<String, InviteError> {
        let Actor::Operator { role: own, .. } = caller.actor else {
            return Err(Forbidden::Role.into());
        };
        self.invitation(caller.account_id.clone(), own, email, role).await
    }

    /// The same in the name of the operator with the e-mail `inviter`, for the command line: into the oldest
    /// account in which they may invite somebody as `role`.
    ///
    /// # Errors
    /// [`InviteError`].
    pub async fn invite(&self, inviter: &str, email: &str, role: Role) -> Result<String, InviteError> {
        let mut db = self.broker.store().read().await?;
        let found = operators::find_by_email_key(&mut db, &email_key(inviter)).await?;
        let found = found.ok_or(InviteError::UnknownInviter)?;
        let memberships = memberships::list_by_operator(&mut db, &found.id).await?;
        drop(db);
        let membership = memberships
            .into_iter()
            .find(|membership| may_invite(membership.role, role));
        let membership = membership.ok_or(Forbidden::Role)?;
        self.invitation(membership.account_id, membership.role, email, role)
            .await
    }

    async fn invitation(
        &self,
        account: AccountId,
        own: Role,
        email: &str,
        role: Role,
    ) -> Result<String, InviteError> {
        if !may_invite(own, role) {
            return Err(Forbidden::Role.into());
        }
        let email = email.trim();
        if !EndUser::is_email(email) {
            return Err(InviteError::EmailInvalid);
        }
        let mut tx = self.broker.store().begin().await?;
        let wanted = Issue {
            account_id: Some(account),
            email: Some(email.to_owned()),
            role,
            seconds: INVITATION_SECONDS,
        };
        let link = issue(self.broker, &mut tx, wanted).await?;
        tx.commit().await?;
        Ok(link)
    }
}

/// Owners and admins invite, and nobody above themselves: `Role` orders from most to least.
fn may_invite(own: Role, role: Role) -> bool {
    own <= Role::Admin && role >= own
}
