//! What subscribers of the channel `connect-mongo-native:command` are told of each command, when it has ended.
//! While there are none, a command costs one look at a flag.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use super::{
    sink::{CommandReport, Event},
    stats::Verb,
    store::Store,
};
use crate::{
    error::{Error, Result},
    schedule::{FindEnd, Statement, Transport, WriteEnd},
    session::{Outcome, Request, StoredRow, Value, Wanted},
};

/// A command under way, and what is measured of it if anybody wants to know.
pub struct Watched(Option<Measures>);

struct Measures {
    name: &'static str,
    operations: usize,
    bytes: AtomicUsize,
    started: Instant,
}

impl Store {
    /// Whether commands are reported from now on.
    pub fn watch_commands(&self, watched: bool) {
        self.watches_commands.store(watched, Ordering::Relaxed);
    }

    /// Counts a command that starts.
    pub(super) fn begin_command(&self, verb: Verb, operations: usize) -> Watched {
        self.begin(verb, verb.name(), operations)
    }

    /// The same for a call on the whole collection.
    pub(super) fn begin_call(&self, request: &Request) -> Watched {
        self.begin(Verb::Other, name_of(request), 1)
    }

    fn begin(&self, verb: Verb, name: &'static str, operations: usize) -> Watched {
        self.stats.command(verb, operations);
        let measures = || Measures { name, operations, bytes: AtomicUsize::new(0), started: Instant::now() };
        Watched(self.watches_commands.load(Ordering::Relaxed).then(measures))
    }

    /// Called before what comes of the command is delivered: whoever closes the store then has heard of it.
    pub(super) fn report(&self, watched: Watched, error: Option<&Error>) {
        let Watched(Some(Measures { name, operations, bytes, started })) = watched else { return };
        self.sink.event(Event::Command(CommandReport {
            name,
            operations,
            bytes: bytes.into_inner(),
            took: started.elapsed(),
            error: error.cloned(),
        }));
    }
}

impl Watched {
    pub fn sends<T: Transport<Value = Value>>(&self, statements: &[Statement<T>]) {
        let values = statements.iter().filter_map(|statement| statement.value.as_ref());
        self.add(|| values.map(|value| value.bytes.len()).sum());
    }

    pub fn receives(&self, rows: &[(usize, StoredRow)]) {
        self.add(|| rows.iter().map(|(_, row)| row.value.bytes.len()).sum());
    }

    pub fn returns(&self, outcome: &Result<Outcome>) {
        self.add(|| outcome.as_ref().map_or(0, Outcome::bytes));
    }

    fn add(&self, bytes: impl FnOnce() -> usize) {
        if let Self(Some(measures)) = self {
            measures.bytes.fetch_add(bytes(), Ordering::Relaxed);
        }
    }
}

/// The command that a call on the whole collection sends.
fn name_of(request: &Request) -> &'static str {
    match request {
        Request::Clear | Request::Sweep | Request::Discard { .. } => "delete",
        Request::Count | Request::Where { wanted: Wanted::Count, .. } => "aggregate",
        Request::WriteFields { .. } => "update",
        Request::Ping => "ping",
        Request::Claim { .. } => "findAndModify",
        _ => "find",
    }
}

pub fn find_error(end: &FindEnd<Error>) -> Option<&Error> {
    match end {
        FindEnd::Complete => None,
        FindEnd::Incomplete(error) => error.as_ref(),
        FindEnd::Rejected(error) | FindEnd::Failed(error) => Some(error),
    }
}

pub fn write_error(end: &WriteEnd<Error>) -> Option<&Error> {
    match end {
        WriteEnd::Reply(reply) => reply.write_concern_error.as_ref(),
        WriteEnd::Rejected { error, .. } | WriteEnd::Failed { error, .. } => Some(error),
    }
}
