//! The dashboard and the Connect page.
//!
//! **Shape.** Pages are plain HTML, rendered by Leptos on the server: every link is a link, every form a form that
//! posts to its page's own address, and everything works without scripts. The browser gets only islands (copy,
//! reveal, watch, local times), built with the feature `hydrate`, and asks through server functions
//! (`functions/<noun>.rs`); everything else exists only under `ssr`.
//!
//! One typed table ([`route::Route`]) says which addresses exist. A GET goes from there to a page: an async
//! function that asks the broker and returns a `Page` whose view is rendered afterwards, in one go. A POST goes to
//! an action (`actions/<noun>.rs`), and from there to another address (303), to the same page with what was typed
//! and what is wrong with it (422), or to a page that shows a secret once.
//!
//! This crate knows no HTTP: `server` turns a request into a [`Visit`] and an [`Answer`] into a response.
//!
//! # How `server` mounts it
//!
//! ```text
//! GET  /app, /app/{*path}   terapi_app::get(&site, visit).await
//! POST /app, /app/{*path}   terapi_app::post(&site, visit, Form::parse(&body)).await     body ≤ 64 kB, urlencoded
//! GET  /connect/ui, /connect/ui/   terapi_app::connect::get(&site, &connect_visit).await
//! POST /connect/ui/start           terapi_app::connect::start(&site, &connect_visit, Form::parse(&body)).await
//! POST /ui/{*function}             leptos_axum's handler; contexts: Site, Option<SignedIn>; errors: UiError
//! ```
//!
//! `/app` and `/ui` are cookie routes (decision D20): the operator's session, the same-origin guard, `no-store`. The
//! two of Connect are public routes and read no cookie but the flow's. An [`Answer::Document`] carries its status, the
//! nonce of its scripts and the row of the policy table (security.md 3.5); an [`Answer::SeeOther`] what becomes of
//! the session and the theme cookie.

mod functions;
mod islands;

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod answer;
#[cfg(feature = "ssr")]
pub mod base_path;
#[cfg(feature = "ssr")]
pub mod connect;
#[cfg(feature = "ssr")]
mod desk;
#[cfg(feature = "ssr")]
mod document;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod guide;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
pub mod route;
#[cfg(feature = "ssr")]
mod serve;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
mod text;
#[cfg(feature = "ssr")]
mod ui;
#[cfg(feature = "ssr")]
mod visit;

pub use self::functions::UiError;
#[cfg(feature = "ssr")]
pub use self::{
    answer::{Answer, Document, Policy, SessionChange, Status},
    form::{Form, Query},
    serve::{get, post},
    text::connect::{ConnectText, Language},
    visit::{SignedIn, Site, Theme, Visit},
};
