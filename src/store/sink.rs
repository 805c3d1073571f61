//! Where outcomes and events go. The bridge to JavaScript is one sink, a test's channel another.

use super::ticket::Ticket;
use crate::{
    error::{Error, Result},
    session::{Outcome, StoredRow},
};

pub trait Sink: Send + Sync {
    /// The receiver calls `ticket.delivered()`, and `Store::delivered` with the outcome's bytes, once it has passed the
    /// outcome on.
    fn settle(&self, ticket: &Ticket, outcome: Result<Outcome>);

    fn event(&self, event: Event);
}

/// What no caller waits for.
#[derive(Debug)]
pub enum Event {
    Connected,
    Disconnected,
    Error(Error, &'static str),
    Warning {
        code: &'static str,
        message: String,
    },
    /// There is room for the payload of the set with this sequence number.
    Room(u64),
    /// The set with this sequence number has found another row than it expects: this one, expired or not. `resent`: it may
    /// be its own.
    Conflict {
        sequence: u64,
        row: Option<StoredRow>,
        resent: bool,
    },
}
