use serde_json::{Map, Value, json};
use terapi_model::{
    AuthMode, ConnectionId, ConnectionKey, EndUser, EnvironmentId, IntegrationId, OperationId, Organization,
    Tags, WebhookDeliveryId, WebhookId,
};
use terapi_store::webhook_deliveries::{
    self, DeliveryState, WebhookDeliveryRow, WebhookRouteRow, WebhookSubjectRow,
};
use terapi_store::{StoreError, Tx, connection_tags};

use super::Webhooks;
use super::delivery::MOST_ATTEMPTS;

/// Longest text of an error, in characters.
const LONGEST_DESCRIPTION: usize = 1000;

/// Something happened to a connection's authorization (rest.md 14.3).
#[derive(Debug)]
pub(crate) struct AuthEvent<'a> {
    /// Where.
    pub(crate) environment: &'a EnvironmentId,
    /// To which connection.
    pub(crate) about: About<'a>,
    /// What.
    pub(crate) operation: AuthEventOperation,
    /// Who connected; only when it worked, through a session that names an end user.
    pub(crate) end_user: Option<EventEndUser<'a>>,
    /// Why it failed; none: it worked.
    pub(crate) error: Option<EventError>,
    /// The operation that tells how it came to this.
    pub(crate) log: &'a OperationId,
}

/// The connection of an event.
#[derive(Debug)]
pub(crate) enum About<'a> {
    /// It exists. Everything about it is read in the same transaction.
    Connection(&'a ConnectionId),
    /// It was not made.
    Unmade {
        /// Its integration.
        integration: &'a IntegrationId,
        /// What it would have been named.
        connection_key: &'a ConnectionKey,
        /// Where its events would have gone, when its session says so.
        webhook_url_override: Option<&'a str>,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthEventOperation {
    /// A connection was made, or was to be.
    Creation,
    /// A connection has new credentials from its end user or from an import.
    Override,
    /// Credentials were to be renewed.
    Refresh,
}

impl AuthEventOperation {
    /// The name on the wire.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Override => "override",
            Self::Refresh => "refresh",
        }
    }

    /// The kind of event in the outbox.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Creation => "auth.creation",
            Self::Override => "auth.override",
            Self::Refresh => "auth.refresh",
        }
    }

    /// Whether the environment wants to hear of it (rest.md 14.1); an override has no switch.
    const fn is_wanted(self, route: &WebhookRouteRow) -> bool {
        match self {
            Self::Creation => route.webhook_on_creation,
            Self::Override => true,
            Self::Refresh => route.webhook_on_refresh_error,
        }
    }
}

/// Who connected.
#[derive(Debug)]
pub(crate) struct EventEndUser<'a> {
    /// The person.
    pub(crate) end_user: &'a EndUser,
    /// Where they belong.
    pub(crate) organization: Option<&'a Organization>,
}

/// Why something failed, for the receiver.
#[derive(Debug)]
pub(crate) struct EventError {
    /// `error.type` of rest.md 14.3 or 12.5.
    pub(crate) kind: &'static str,
    /// For people. Never a secret.
    pub(crate) description: String,
}

impl Webhooks<'_> {
    /// Puts the event into the outbox, for each address that wants it. Inside the transaction of the change, so that
    /// there is an event exactly when there is a change; call [`Webhooks::wake`] after the commit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn enqueue_auth(&self, tx: &mut Tx, event: &AuthEvent<'_>) -> Result<(), StoreError> {
        let Some(route) = webhook_deliveries::find_route(tx, event.environment).await? else {
            return Ok(());
        };
        if !event.operation.is_wanted(&route) {
            return Ok(());
        }
        let subject = match &event.about {
            About::Connection(id) => webhook_deliveries::find_subject(tx, id).await?,
            About::Unmade { integration, .. } => {
                webhook_deliveries::find_integration(tx, integration).await?
            }
        };
        let Some(subject) = subject else { return Ok(()) };
        let url_override = match &event.about {
            About::Connection(_) => subject.webhook_url_override.as_deref(),
            About::Unmade {
                webhook_url_override, ..
            } => *webhook_url_override,
        };
        let urls = addresses(&route, url_override);
        if urls.is_empty() {
            return Ok(());
        }
        let tags = match &event.about {
            About::Connection(id) => Some(connection_tags::find(tx, id).await?),
            About::Unmade { .. } => None,
        };
        let provider = self.broker.catalogue().get(subject.provider.as_str());
        let auth_mode = provider.map_or(AuthMode::None, |provider| provider.auth_mode());
        let body = body(event, &route, &subject, auth_mode, tags.as_ref());
        self.insert(tx, event, &subject, &urls, body).await
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        event: &AuthEvent<'_>,
        subject: &WebhookSubjectRow,
        urls: &[&str],
        body: String,
    ) -> Result<(), StoreError> {
        let connection_id = match &event.about {
            About::Connection(id) => Some(*id),
            About::Unmade { .. } => None,
        };
        let now = self.broker.now();
        let webhook_id = self.broker.mint(WebhookId::mint);
        // Ids in this order: the first address is sent to first (rest.md 14.2).
        for url in urls {
            let operation = self.broker.mint(OperationId::mint);
            self.log_queued(tx, &operation, event, subject).await?;
            let delivery = WebhookDeliveryRow {
                id: self.broker.mint_in_order(WebhookDeliveryId::mint),
                environment_id: event.environment.clone(),
                connection_id: connection_id.cloned(),
                operation_id: Some(operation),
                webhook_id: webhook_id.clone(),
                event: event.operation.event().to_owned(),
                url: (*url).to_owned(),
                body: body.clone(),
                state: DeliveryState::Pending,
                attempts: 0,
                max_attempts: MOST_ATTEMPTS,
                due_at: now,
                claimed_by: None,
                claimed_until: None,
                last_status: None,
                last_error: None,
                last_response: None,
                created_at: now,
                attempted_at: None,
                finished_at: None,
            };
            webhook_deliveries::insert(tx, &delivery).await?;
        }
        Ok(())
    }
}

/// The connection's own address alone, where it has one, else both of the environment.
fn addresses<'a>(route: &'a WebhookRouteRow, url_override: Option<&'a str>) -> Vec<&'a str> {
    let of_environment = [&route.webhook_url, &route.webhook_secondary_url];
    match url_override.filter(|url| !url.trim().is_empty()) {
        Some(url) => vec![url],
        None => of_environment.into_iter().flatten().map(String::as_str).collect(),
    }
}

/// The body: keys sorted at every level and no whitespace, because the oldest check signs what it reads again.
fn body(
    event: &AuthEvent<'_>,
    route: &WebhookRouteRow,
    subject: &WebhookSubjectRow,
    auth_mode: AuthMode,
    tags: Option<&Tags>,
) -> String {
    let connection_key = match &event.about {
        About::Connection(_) => subject.connection_id.as_ref(),
        About::Unmade { connection_key, .. } => Some(*connection_key),
    };
    let mut body = json!({
        "from": "nango",
        "type": "auth",
        "operation": event.operation.as_str(),
        "success": event.error.is_none(),
        "connectionId": connection_key,
        "providerConfigKey": subject.unique_key,
        "provider": subject.provider,
        "authMode": auth_mode.as_wire(),
        "environment": route.name.as_str(),
    });
    if let Some(tags) = tags {
        body["tags"] = json!(tags);
    }
    if let Some(EventEndUser {
        end_user,
        organization,
    }) = &event.end_user
    {
        let mut shown = Map::new();
        shown.insert("endUserId".to_owned(), Value::from(end_user.id.as_str()));
        shown.insert("endUserEmail".to_owned(), json!(end_user.email));
        if let Some(organization) = organization {
            shown.insert("organizationId".to_owned(), Value::from(organization.id.as_str()));
        }
        shown.insert(
            "tags".to_owned(),
            json!(end_user.tags.clone().unwrap_or_default()),
        );
        body["endUser"] = Value::Object(shown);
    }
    if let Some(error) = &event.error {
        let description: String = error.description.chars().take(LONGEST_DESCRIPTION).collect();
        body["error"] = json!({"type": error.kind, "description": description});
    }
    body.sort_all_objects();
    body.to_string()
}
