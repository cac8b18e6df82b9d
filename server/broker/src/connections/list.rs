use std::collections::HashMap;

use terapi_model::{ConnectionId, EnvironmentId, IntegrationId, Scope, Tags, Timestamp};
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

/// A list that is read part by part: ten thousand connections with all the metadata they may have do not fit into
/// memory.
#[derive(Debug)]
pub struct ConnectionParts {
    environment: EnvironmentId,
    filter: ConnectionFilter,
    start: PageStart,
    left: u32,
}

impl ConnectionParts {
    /// Whether everything has been read.
    pub fn is_over(&self) -> bool {
        self.left == 0
    }
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
        let mut parts = self.list_in_parts(caller, query)?;
        self.next_part(&mut parts, MOST).await
    }

    /// The same list, to be read with [`Connections::next_part`].
    ///
    /// # Errors
    /// [`Forbidden`].
    pub fn list_in_parts(
        &self,
        caller: &Caller,
        query: ConnectionQuery,
    ) -> Result<ConnectionParts, Forbidden> {
        caller.require(&LIST)?;
        let left = query.limit.unwrap_or(MOST).min(MOST);
        Ok(ConnectionParts {
            environment: caller.environment()?.clone(),
            start: PageStart::Offset(u64::from(query.page) * u64::from(left)),
            filter: filter(query),
            left,
        })
    }

    /// The next connections of a list, at most so many. What is made meanwhile is not among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_part(
        &self,
        parts: &mut ConnectionParts,
        most: u32,
    ) -> Result<Vec<Connection>, ListConnectionsError> {
        let wanted = Page {
            limit: most.min(parts.left),
            start: parts.start.clone(),
        };
        if wanted.limit == 0 {
            return Ok(Vec::new());
        }
        let mut db = self.broker.store().read().await?;
        let rows = connections::list(&mut db, &parts.environment, &parts.filter, &wanted).await?;
        let mut tags = connection_tags::list(&mut db, rows.iter().map(|row| &row.connection.id)).await?;
        drop(db);
        let found = u32::try_from(rows.len()).unwrap_or(wanted.limit);
        parts.left = match rows.last() {
            Some(last) if found == wanted.limit => {
                parts.start = PageStart::After {
                    created_at: last.connection.created_at,
                    id: last.connection.id.clone(),
                };
                parts.left - found
            }
            _ => 0,
        };
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
