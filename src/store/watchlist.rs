//! Operations by the time that they have left.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::ticket::Ticket;
use crate::mongo::topology::Unserved;

/// How long operations may wait, beside their own deadlines.
pub struct TimeLimits {
    /// For a server to be known.
    pub selection: Duration,
    /// To be sent while one is known.
    pub wait_queue: Option<Duration>,
    /// How many operations have no outcome.
    pub operations: usize,
}

/// What may still run out of time, oldest first: reads and writes, which lose their servers separately.
#[derive(Default)]
pub struct Watchlist {
    reads: VecDeque<Ticket>,
    writes: VecDeque<Ticket>,
}

/// Operations whose time is over.
#[derive(Default)]
pub struct Overdue {
    /// No server was known for too long.
    pub unselected: Vec<Ticket>,
    pub timed_out: Vec<Ticket>,
    /// Not sent in time.
    pub unsent: Vec<Ticket>,
}

impl Watchlist {
    pub fn push(&mut self, ticket: Ticket) {
        if ticket.kind.writes() { self.writes.push_back(ticket) } else { self.reads.push_back(ticket) }
    }

    pub fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty()
    }

    pub fn take_overdue(&mut self, limits: &TimeLimits, unserved: Unserved, now: Instant) -> Overdue {
        let mut overdue = Overdue::default();
        for (watched, nobody_since) in
            [(&mut self.reads, unserved.reads_since), (&mut self.writes, unserved.writes_since)]
        {
            // Finished operations behind one that hangs must not pile up.
            if watched.len() > 2 * limits.operations + 1024 {
                watched.retain(|ticket| !ticket.claim.is_settled());
            }
            take_overdue_of(watched, limits, nobody_since, now, &mut overdue);
        }
        overdue
    }
}

fn take_overdue_of(
    watched: &mut VecDeque<Ticket>,
    limits: &TimeLimits,
    nobody_since: Option<Instant>,
    now: Instant,
    overdue: &mut Overdue,
) {
    while let Some(ticket) = watched.front() {
        let selected_by = nobody_since.map(|since| since.max(ticket.admitted) + limits.selection);
        let unselected =
            selected_by.is_some_and(|selected_by| now >= selected_by && selected_by <= ticket.deadline);
        if !(ticket.claim.is_settled() || unselected || now >= ticket.deadline) {
            break;
        }
        let Some(ticket) = watched.pop_front() else { break };
        if ticket.claim.is_settled() {
            continue;
        }
        if unselected { overdue.unselected.push(ticket) } else { overdue.timed_out.push(ticket) }
    }
    if let (Some(limit), None) = (limits.wait_queue, nobody_since) {
        let waited = watched.iter().take_while(|ticket| now >= ticket.admitted + limit);
        overdue
            .unsent
            .extend(waited.filter(|ticket| !ticket.claim.is_settled() && !ticket.claim.is_sent()).cloned());
    }
}
