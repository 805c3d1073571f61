//! Where outcomes and events go. The bridge to JavaScript is one sink, a test's channel another.

use std::time::Duration;

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
    /// If somebody has subscribed to commands.
    Command(CommandReport),
    Error(Error, &'static str),
    Warning {
        code: &'static str,
        message: String,
    },
    /// It is time to remove expired rows: JavaScript says with `Store::answer_sweep` whether it has done so.
    SweepDue,
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

/// A command that has ended.
#[derive(Debug)]
pub struct CommandReport {
    /// As the server calls it.
    pub name: &'static str,
    /// How many operations it carried.
    pub operations: usize,
    /// Of sessions, sent or received.
    pub bytes: usize,
    /// From when it was let go, attempts that were repeated included.
    pub took: Duration,
    /// Why it failed as a whole.
    pub error: Option<Error>,
}
