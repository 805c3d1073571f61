//! Operations by the time that they have left: they were all given the same, so the oldest is due first.

use std::{
    collections::VecDeque,
    rc::{Rc, Weak},
    time::Instant,
};

use super::operation::{Ticket, TicketState};

#[derive(Default)]
pub struct Watchlist(VecDeque<Weak<TicketState>>);

impl Watchlist {
    pub fn push(&mut self, ticket: &Ticket) {
        self.0.push_back(ticket.downgrade());
    }

    /// The next operation whose deadline has passed and that has no outcome. It is claimed.
    pub fn take_overdue(&mut self, now: Instant) -> Option<Rc<TicketState>> {
        let first = self.first()?;
        if now < first.deadline {
            return None;
        }
        self.0.pop_front();
        first.claim();
        Some(first)
    }

    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.first().map(|state| state.deadline)
    }

    fn first(&mut self) -> Option<Rc<TicketState>> {
        loop {
            let first = self.0.front()?.upgrade().filter(|state| !state.is_settled());
            if first.is_some() {
                return first;
            }
            self.0.pop_front();
        }
    }
}
