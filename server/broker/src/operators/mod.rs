//! People who sign in to the dashboard: sign-up, sign-in, sessions, invitations.

mod account_key;
mod bootstrap;
mod find;
mod invite;
mod password;
mod sessions;
mod setup;
mod sign_in;
mod sign_up;
mod tenant;
mod throttle;

pub use account_key::AccountKeyError;
pub use bootstrap::{Bootstrap, BootstrapEnvironment, BootstrapError};
pub use find::{Membership, Operator};
pub use invite::InviteError;
pub use password::{MAX_PASSWORD, MIN_PASSWORD, Overloaded, PasswordHasher};
pub use sessions::{ChangePasswordError, SessionRecord, SessionView};
pub use setup::InvitationView;
pub use sign_in::SignInError;
pub use sign_up::{SignUp, SignUpError};

use crate::Broker;

/// The operators' room.
#[derive(Clone, Copy)]
pub struct Operators<'b> {
    broker: &'b Broker,
}

impl<'b> Operators<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }
}
