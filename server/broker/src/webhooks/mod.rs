//! Outgoing webhooks (rest.md 14): what happened to a connection is told to the addresses that its environment, or
//! the connection itself, names.
//!
//! An event is a row of the outbox, written in the transaction of the change that it announces: there is an event
//! exactly when there is a change. A worker ([`Webhooks::run`]) claims rows that are due, sends them with no
//! transaction open, and writes down what came of it. A claim ends by itself, so that what a killed process was
//! sending is sent by another: receivers get each event at least once, and know a repeated one by its `webhook-id`.

mod auth_event;
mod delivery;
mod log;
mod shares;
mod signature;

use tokio::sync::Notify;

pub(crate) use auth_event::{About, AuthEvent, AuthEventOperation, EventEndUser, EventError};

use crate::Broker;

/// The webhooks' room.
#[derive(Clone, Copy)]
pub struct Webhooks<'b> {
    broker: &'b Broker,
}

impl<'b> Webhooks<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }

    /// Tells this process's worker that something was committed. Without it the worker finds out within a second.
    pub(crate) fn wake(&self) {
        self.broker.webhook_bell().notify_one();
    }
}

/// What wakes the worker of this process.
pub(crate) type Bell = Notify;
