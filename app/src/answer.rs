//! What the dashboard answers, before `server` puts it into HTTP.

use leptos::prelude::*;
use terapi_model::OperatorId;

use crate::form::FormState;
use crate::visit::Theme;

/// The answer to a request.
#[derive(Debug)]
pub enum Answer {
    /// A whole document.
    Document(Document),
    /// 303 to an address of this site, or to a provider.
    SeeOther {
        /// The address.
        location: String,
        /// What becomes of the session.
        session: SessionChange,
        /// A theme to remember for a year.
        theme: Option<Theme>,
    },
}

/// A rendered document.
#[derive(Debug)]
pub struct Document {
    /// How it went.
    pub status: Status,
    /// The document, with `<!DOCTYPE html>`.
    pub html: String,
    /// The nonce of its scripts, for the policy header.
    pub nonce: String,
    /// Which row of the policy table (security.md 3.5) applies.
    pub policy: Policy,
}

/// How a request went. `server` knows the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Fine.
    Ok,
    /// The form's input was refused.
    Invalid,
    /// The operator may not do this.
    Forbidden,
    /// There is no such page or thing.
    NotFound,
    /// The page exists, but not for this method.
    MethodNotAllowed,
    /// Too many tries.
    TooMany {
        /// Seconds until the next one makes sense.
        retry_after: u64,
    },
    /// Too busy at the moment.
    Busy,
    /// The form was larger than a form may be.
    TooLarge,
    /// Something broke on this side.
    Failed,
}

/// The row of the policy table that a document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// `/app/**`
    Dashboard,
    /// `/connect/ui/**`
    Connect,
}

/// What becomes of the operator's session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SessionChange {
    /// Nothing.
    #[default]
    Keep,
    /// A new session, under a new id, for this operator.
    SignIn(OperatorId),
    /// The session ends.
    SignOut,
}

/// A page before it is rendered: its data is loaded, its view waits for the renderer.
pub(crate) struct Page {
    pub title: String,
    pub status: Status,
    pub frame: Frame,
    pub view: Box<dyn FnOnce() -> AnyView + Send>,
}

/// What is around a page's view.
pub(crate) enum Frame {
    /// A card in the middle of an empty page.
    Plain,
    /// The sidebar, the top bar and the breadcrumbs.
    Shell(Box<crate::ui::shell::Surroundings>),
}

impl Page {
    /// A page in a card of its own.
    pub fn plain<V: IntoView + 'static>(
        title: impl Into<String>,
        view: impl FnOnce() -> V + Send + 'static,
    ) -> Self {
        Self {
            title: title.into(),
            status: Status::Ok,
            frame: Frame::Plain,
            view: Box::new(move || view().into_any()),
        }
    }

    /// This page with another status.
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum NoPage {
    /// Another address has it.
    SeeOther(String),
    /// Nobody is signed in.
    SignInFirst,
    /// There is no such thing.
    NotFound,
    /// The operator may not see it.
    Forbidden(String),
    /// Something broke; the text goes to the log only.
    Failed(String),
}

pub(crate) type PageResult = Result<Page, NoPage>;

/// What became of a posted form.
pub(crate) enum Outcome {
    /// Done; another page shows it.
    SeeOther(String),
    /// Done, and somebody signed in or out.
    Session(String, SessionChange),
    /// Done, and a theme was chosen.
    Theme(String, Theme),
    /// Refused; the form's page is shown again.
    Invalid(FormState),
    /// Refused for now.
    NotNow(FormState, Status),
    /// Done, and what came out is shown once.
    Page(Page),
}

pub(crate) type ActionResult = Result<Outcome, NoPage>;
