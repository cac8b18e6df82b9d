use terapi_model::{
    ConnectionId, ConnectionKey, EndUser, EndUserId, EnvironmentId, IntegrationKey, Issue, IssueCode,
    Organization, Scope, TagError, Tags, Timestamp,
};
use terapi_store::end_users::{self, EndUserRow};
use terapi_store::{StoreError, Tx, connection_tags, connections, integrations};

use super::{Connections, check_webhook_url};
use crate::{Broker, Caller, Forbidden};

/// What to change of a connection; what is `None` stays (rest.md 5.4).
#[derive(Debug, Default)]
pub struct ConnectionPatch {
    /// Its end user. Tags are made from it.
    pub end_user: Option<EndUser>,
    /// Its tags, over the ones made from the end user.
    pub tags: Option<Tags>,
    /// Where its webhooks go; empty: nowhere special.
    pub webhook_url_override: Option<String>,
}

/// Why a connection was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateConnectionError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No integration of this environment has the key.
    #[error("there is no such integration")]
    UnknownIntegration,
    /// It has no such connection.
    #[error("there is no such connection")]
    NotFound,
    /// Something in it is wrong.
    #[error("the connection was not changed because some fields are wrong")]
    Invalid(Vec<Issue>),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connections<'_> {
    /// Changes a connection, everything or nothing.
    ///
    /// # Errors
    /// [`UpdateConnectionError`].
    pub async fn update(
        &self,
        caller: &Caller,
        integration: &IntegrationKey,
        key: &ConnectionKey,
        patch: ConnectionPatch,
    ) -> Result<(), UpdateConnectionError> {
        caller.require(&[Scope::CONNECTIONS_UPDATE])?;
        let environment = caller.environment()?;
        let webhook_url = match &patch.webhook_url_override {
            Some(text) => Some(check_webhook_url(self.broker, text).map_err(|reason| {
                let issue = Issue::at(["webhook_url_override"], IssueCode::InvalidFormat, reason);
                UpdateConnectionError::Invalid(vec![issue])
            })?),
            None => None,
        };
        let tags = (patch.end_user.is_some() || patch.tags.is_some()).then(|| {
            let generated = Tags::generated(patch.end_user.as_ref(), None);
            generated.overlaid(patch.tags.as_ref().unwrap_or(&Tags::default()))
        });
        let tags = tags.transpose().map_err(|error: TagError| {
            UpdateConnectionError::Invalid(vec![Issue::at(["tags"], IssueCode::TooBig, error.to_string())])
        })?;
        let now = self.broker.now();
        let mut tx = self.broker.store().begin().await?;
        let integration = integrations::find(&mut tx, environment, integration).await?;
        let integration = integration.ok_or(UpdateConnectionError::UnknownIntegration)?;
        let row = connections::find_row(&mut tx, &integration.id, key)
            .await?
            .ok_or(UpdateConnectionError::NotFound)?;
        if let Some(end_user) = &patch.end_user {
            link_end_user(self.broker, &mut tx, environment, &row.id, end_user, None, now).await?;
        }
        if let Some(tags) = &tags {
            connection_tags::replace(&mut tx, environment, &row.id, tags).await?;
        }
        // Also says when it changed, whatever changed.
        let webhook_url = webhook_url.unwrap_or(row.webhook_url_override);
        connections::set_webhook_url_override(&mut tx, &row.id, webhook_url.as_deref(), now).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Makes `end_user` the end user of a connection, in the row it already has or in a new one. Without an organization
/// the one that is known of the same person stays; nobody inherits one from whoever had the connection before.
pub(crate) async fn link_end_user(
    broker: &Broker,
    tx: &mut Tx,
    environment: &EnvironmentId,
    connection: &ConnectionId,
    end_user: &EndUser,
    organization: Option<&Organization>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(row) = connections::find_for_update(tx, connection).await? else {
        return Ok(());
    };
    let known = match &row.end_user_id {
        Some(id) => end_users::find(tx, id).await?,
        None => None,
    };
    let is_known = known.is_some();
    let is_same = |known: &EndUserRow| known.end_user_id == end_user.id;
    let (id, created_at, known_organization) = match known {
        Some(known) if is_same(&known) => (
            known.id,
            known.created_at,
            (known.organization_id, known.organization_display_name),
        ),
        Some(known) => (known.id, known.created_at, (None, None)),
        None => (broker.mint(EndUserId::mint), now, (None, None)),
    };
    let (organization_id, organization_display_name) = match organization {
        Some(organization) => (Some(organization.id.clone()), organization.display_name.clone()),
        None => known_organization,
    };
    let stored = EndUserRow {
        id,
        environment_id: environment.clone(),
        end_user_id: end_user.id.clone(),
        email: end_user.email.clone(),
        display_name: end_user.display_name.clone(),
        tags: end_user.tags.clone(),
        organization_id,
        organization_display_name,
        created_at,
        updated_at: now,
    };
    if is_known {
        end_users::update(tx, &stored).await?;
    } else {
        end_users::insert(tx, &stored).await?;
    }
    connections::set_end_user(tx, connection, Some(&stored), now).await?;
    Ok(())
}
