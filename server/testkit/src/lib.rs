//! Acme: a simulated provider, that is an OAuth 2.0 authorization server and the API behind it.
//!
//! Tests of every crate, the end-to-end tests and the demo talk to the same Acme over real sockets on loopback.
//! It is strict where a good provider is strict (PKCE, redirect URI, single-use codes, refresh token rotation with
//! reuse detection) and can be scripted to be as bad as real ones are: see [`Script`] and [`Answer`].
//!
//! Acme may not depend on any other crate of the workspace: it stands for somebody else's server. It holds nothing
//! worth stealing and must never listen on a public address.
//!
//! ```
//! # tokio_test(async {
//! use terapi_testkit::{Acme, Answer};
//!
//! let acme = Acme::start().await;
//! acme.script(|script| {
//!     script.auto_approve = true;
//!     script.refresh_once.push_back(Answer::RateLimited { retry_after: 30 });
//! });
//! assert!(acme.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(acme.counters().refreshes, 0);
//! # });
//! # fn tokio_test(test: impl Future<Output = ()>) {
//! #     tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
//! # }
//! ```
//!
//! No test has to sleep: time inside Acme moves with [`Acme::advance`], an answer can be held with [`Answer::Hold`]
//! until [`Acme::release`], and [`Acme::wait_until`] waits for a request to have arrived.

mod acme;
mod api;
mod authorize;
mod clients;
mod clock;
mod control;
mod grants;
mod introspect;
mod metadata;
mod page;
mod params;
mod randomness;
mod receiver;
mod record;
mod revoke;
mod script;
mod serve;
mod token;

pub use acme::{
    Acme, DEMO_API_KEY, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_PASSWORD, DEMO_USER, LIVE_KEY_PREFIX,
};
pub use receiver::{ReceivedWebhook, Receiver, Reply};
pub use record::{Counters, CredentialKind, SeenRequest};
pub use script::{Answer, ClientAuthRule, Denial, ExpiresIn, IssuerParameter, Rotation, Script};
