//! Public routes and their table: whoever adds a route adds its row, and, where it is documented, its part of the
//! OpenAPI document.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, any, on};
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::state::AppState;

/// Schemas by name.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// Which of the two families a route belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// For programs and end users' browsers: no operator cookie.
    Public,
    /// For operators' browsers: session cookie, same-origin guard, no CORS.
    Cookie,
}

/// One row of the route table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The path, with `{parameters}`.
    pub path: String,
    /// The method; `None` stands for any.
    pub method: Option<&'static str>,
    /// The family.
    pub family: Family,
}

/// Public routes together with their rows of the table, so that the table cannot lack one.
#[derive(Default)]
pub struct Routes {
    pub(crate) router: Router<AppState>,
    pub(crate) table: Vec<Route>,
    paths: Paths,
    schemas: Schemas,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    fn on<H, T>(mut self, method: MethodFilter, name: &'static str, path: &str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.router = self.router.route(path, on(method, handler));
        self.record(path, Some(name));
        self
    }

    fn record(&mut self, path: &str, method: Option<&'static str>) {
        self.table.push(Route {
            path: path.to_owned(),
            method,
            family: Family::Public,
        });
    }

    /// GET (and HEAD) of `path`.
    #[must_use]
    pub fn get<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::GET, "GET", path, handler)
    }

    /// POST of `path`.
    #[must_use]
    pub fn post<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::POST, "POST", path, handler)
    }

    /// OPTIONS of `path`, where it is not the usual answer of [`crate::layers`].
    #[must_use]
    pub fn options<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::OPTIONS, "OPTIONS", path, handler)
    }

    /// PATCH of `path`.
    #[must_use]
    pub fn patch<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::PATCH, "PATCH", path, handler)
    }

    /// DELETE of `path`.
    #[must_use]
    pub fn delete<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::DELETE, "DELETE", path, handler)
    }

    /// Every method of `path`.
    #[must_use]
    pub fn any<H: Handler<T, AppState>, T: 'static>(mut self, path: &str, handler: H) -> Self {
        self.router = self.router.route(path, any(handler));
        self.record(path, None);
        self
    }

    /// Handlers with a `#[utoipa::path]`, as `routes!` collects them: they are in the OpenAPI document too.
    #[must_use]
    pub fn documented(mut self, (schemas, paths, methods): UtoipaMethodRouter<AppState>) -> Self {
        self.schemas.extend(schemas);
        // One call has one path: axum's method router knows no other.
        if let Some((path, item)) = paths.paths.into_iter().next() {
            self.router = self.router.route(&path, methods);
            for (method, operation) in operations(item) {
                self.record(&path, Some(method.1));
                self.paths
                    .add_path_operation(path.clone(), vec![method.0], operation);
            }
        }
        self
    }

    /// These routes and `other`'s.
    #[must_use]
    pub fn merge(mut self, other: Routes) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        for (path, item) in other.paths.paths {
            for (method, operation) in operations(item) {
                self.paths
                    .add_path_operation(path.clone(), vec![method.0], operation);
            }
        }
        self.schemas.extend(other.schemas);
        self
    }

    /// What is documented of these routes.
    pub(crate) fn into_documented(self) -> (Paths, Schemas) {
        (self.paths, self.schemas)
    }
}

type Documented = ((HttpMethod, &'static str), utoipa::openapi::path::Operation);

fn operations(item: utoipa::openapi::path::PathItem) -> Vec<Documented> {
    [
        ((HttpMethod::Get, "GET"), item.get),
        ((HttpMethod::Post, "POST"), item.post),
        ((HttpMethod::Put, "PUT"), item.put),
        ((HttpMethod::Patch, "PATCH"), item.patch),
        ((HttpMethod::Delete, "DELETE"), item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
    .collect()
}
