use std::collections::HashMap;

use terapi_model::{ConnectionId, IntegrationId, Scope, Tags, Timestamp};
use terapi_store::connections::{self, ConnectionFilter, Page, PageStart};
use terapi_store::credentials::CredentialState;
use terapi_store::{StoreError, connection_tags};

use super::record::summary;
use super::{Connection, ConnectionState, Connections};
use crate::{Caller, Forbidden};

/// How many the REST contract gives at once when nothing is said (decision D19).
const MOST: u32 = 10_000;

/// Which connections to list (rest.md 5.1). Everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct ConnectionQuery {
    /// What callers named it, exactly.
    pub connection_key: Option<String>,
    /// Part of the connection's id, or of the end user's name or e-mail, ignoring case.
    pub search: Option<String>,
    /// The end user's id, exactly.
    pub end_user_id: Option<String>,
    /// The end user's e-mail, exactly.
    pub end_user_email: Option<String>,
    /// The end user's organization's id, exactly.
    pub organization_id: Option<String>,
    /// One of these integrations, by key; empty: any.
    pub integration_keys: Vec<String>,
    /// All of these tags.
    pub tags: Tags,
    /// Whether an authorization error stands.
    pub has_error: Option<bool>,
    /// Whether they work.
    pub state: Option<ConnectionState>,
    /// Zero-based page.
    pub page: u32,
    /// Page size; `None`: 10 000.
    pub limit: Option<u32>,
}

/// A page of the dashboard's list: by key, so that it stays right while connections come and go.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// What `next` of the page before said; `None`: from the newest.
    pub after: Option<(Timestamp, ConnectionId)>,
    /// How many.
    pub limit: u32,
}

/// Connections, newest first.
#[derive(Debug)]
pub struct ConnectionPage {
    /// This page.
    pub connections: Vec<Connection>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<(Timestamp, ConnectionId)>,
    /// How many match in all.
    pub total: i64,
}

/// Why nothing was listed.
#[derive(Debug, thiserror::Error)]
pub enum ListConnectionsError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const LIST: [Scope; 2] = [Scope::CONNECTIONS_LIST, Scope::CONNECTIONS_LIST_CREDENTIALS];

impl Connections<'_> {
    /// The caller's connections, newest first, without credentials.
    ///
    /// # Errors
    /// [`ListConnectionsError`].
    pub async fn list(
        &self,
        caller: &Caller,
        query: ConnectionQuery,
    ) -> Result<Vec<Connection>, ListConnectionsError> {
        caller.require(&LIST)?;
        let environment = caller.environment()?;
        let limit = query.limit.unwrap_or(MOST).min(MOST);
        let start = PageStart::Offset(u64::from(query.page) * u64::from(limit));
        let filter = filter(query);
        let mut db = self.broker.store().read().await?;
        let rows = connections::list(&mut db, environment, &filter, &Page { limit, start }).await?;
        let mut tags = connection_tags::list(&mut db, rows.iter().map(|row| &row.connection.id)).await?;
        Ok(rows.into_iter().map(|row| with_tags(row, &mut tags)).collect())
    }

    /// Connections of one integration with their config, newest first, for those who may see its secrets.
    ///
    /// # Errors
    /// [`ListConnectionsError`].
    pub async fn list_of_integration(
        &self,
        caller: &Caller,
        integration: &IntegrationId,
    ) -> Result<Vec<Connection>, ListConnectionsError> {
        caller.require(&[Scope::INTEGRATIONS_READ_CREDENTIALS])?;
        let environment = caller.environment()?;
        let filter = ConnectionFilter {
            integration_id: Some(integration.clone()),
            ..ConnectionFilter::default()
        };
        let page = Page {
            limit: MOST,
            start: PageStart::Offset(0),
        };
        let mut db = self.broker.store().read().await?;
        let rows = connections::list(&mut db, environment, &filter, &page).await?;
        Ok(rows
            .into_iter()
            .map(|row| summary(row, Tags::default()))
            .collect())
    }

    /// A page of the caller's connections, for people. `page` and `limit` of the query are not used.
    ///
    /// # Errors
    /// [`ListConnectionsError`].
    pub async fn list_page(
        &self,
        caller: &Caller,
        query: ConnectionQuery,
        page: PageQuery,
    ) -> Result<ConnectionPage, ListConnectionsError> {
        caller.require(&LIST)?;
        let environment = caller.environment()?;
        let filter = filter(query);
        let start = match page.after {
            Some((created_at, id)) => PageStart::After { created_at, id },
            None => PageStart::Offset(0),
        };
        let limit = page.limit.clamp(1, 500);
        let mut db = self.broker.store().read().await?;
        let wanted = Page {
            limit: limit + 1,
            start,
        };
        let mut rows = connections::list(&mut db, environment, &filter, &wanted).await?;
        let is_last = rows.len() <= limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| !is_last);
        let next = next.map(|row| (row.connection.created_at, row.connection.id.clone()));
        let mut tags = connection_tags::list(&mut db, rows.iter().map(|row| &row.connection.id)).await?;
        let total = connections::count(&mut db, environment, &filter).await?;
        Ok(ConnectionPage {
            connections: rows.into_iter().map(|row| with_tags(row, &mut tags)).collect(),
            next,
            total,
        })
    }
}

fn with_tags(row: connections::ConnectionSummary, tags: &mut HashMap<ConnectionId, Tags>) -> Connection {
    let own = tags.remove(&row.connection.id).unwrap_or_default();
    summary(row, own)
}

fn filter(query: ConnectionQuery) -> ConnectionFilter {
    ConnectionFilter {
        connection_id: query.connection_key,
        search: query.search.filter(|text| !text.is_empty()),
        end_user_id: query.end_user_id,
        end_user_email: query.end_user_email,
        organization_id: query.organization_id,
        integration_keys: query.integration_keys,
        integration_id: None,
        tags: query.tags,
        has_error: query.has_error,
        state: query.state.map(|state| match state {
            ConnectionState::Active => CredentialState::Active,
            ConnectionState::NeedsReauth => CredentialState::NeedsReauth,
        }),
    }
}
