//! Which operations have run out of time, and what they are told.
//!
//! Three clocks run: for a server to be known, to be sent while one is known (`waitQueueTimeoutMS`), and for everything
//! (`operationTimeoutMS`). The first to ring says why; with equal limits it is the selection that failed.

use std::time::Instant;

use super::{deadlines::Watched, store::Store, watchlist::TimeLimits};
use crate::{error::Error, session::Kind};

impl Watched for Store {
    fn expire(&self, now: Instant) -> bool {
        let unserved = self.unserved();
        let limits = TimeLimits {
            selection: self.lease.connection.spec.server_selection_timeout,
            wait_queue: self.wait_queue_timeout,
            operations: self.operations(),
        };
        let (overdue, waiting) = {
            let mut inbox = self.inbox();
            let overdue = inbox.watchlist.take_overdue(&limits, unserved, now);
            (overdue, !inbox.watchlist.is_empty())
        };
        let mut made_way = false;
        for ticket in &overdue.unselected {
            made_way = true;
            if !self.settle_unsent(ticket, || self.server_selection_error(None)) {
                self.settle(ticket, Err(self.server_selection_error(Some(ticket.kind))));
            }
        }
        for ticket in &overdue.timed_out {
            made_way = true;
            if !self.settle_unsent(ticket, || self.timeout_error(fate_of(ticket.kind, false))) {
                self.settle(ticket, Err(self.timeout_error(fate_of(ticket.kind, true))));
            }
        }
        for ticket in &overdue.unsent {
            made_way |= self.settle_unsent(ticket, || self.wait_queue_error());
        }
        if made_way {
            self.has_expired();
        }
        waiting
    }
}

/// What is known of an operation that has run out of time.
fn fate_of(kind: Kind, sent: bool) -> &'static str {
    match (kind, sent) {
        (_, false) => "not sent",
        (Kind::Clear, true) => "clear is still running, and may remove what is stored after it",
        (kind, true) if kind.writes() => "outcome unknown",
        (_, true) => "no answer",
    }
}

impl Store {
    /// `sent`: the kind of an operation that a command has taken to a server before none was known.
    pub(super) fn server_selection_error(&self, sent: Option<Kind>) -> Error {
        let connection = &self.lease.connection;
        let limit = connection.spec.server_selection_timeout.as_millis();
        let last = connection.topology.view().last_error;
        let reason = last.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
        let fate = sent.map_or_else(String::new, |kind| format!(" ({})", fate_of(kind, true)));
        let error = Error::new(
            "MongoServerSelectionError",
            format!(
                "no suitable server was found within {limit} ms (serverSelectionTimeoutMS){fate}{reason}"
            ),
        );
        if let Some(cause) = last { error.with_cause(cause) } else { error }
    }

    fn wait_queue_error(&self) -> Error {
        let limit = self.wait_queue_timeout.unwrap_or_default().as_millis();
        let message = format!("timed out after {limit} ms (waitQueueTimeoutMS): not sent");
        Error::new("MongoWaitQueueTimeoutError", message)
    }

    fn timeout_error(&self, fate: &str) -> Error {
        let limit = self.operation_timeout.as_millis();
        let message = format!("timed out after {limit} ms (operationTimeoutMS): {fate}");
        Error::new("MongoOperationTimeoutError", message)
    }
}
