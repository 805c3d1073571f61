//! One outcome for many destroys: the sum of what they have removed, or the first error.

use super::operation::{Outcome, Settled, Ticket, Transport};

/// Those under way; hardly ever more than one.
#[derive(Debug)]
pub struct Tallies<T: Transport>(Vec<Tally<T>>);

#[derive(Debug)]
struct Tally<T: Transport> {
    /// That of all its destroys.
    ticket: T::Ticket,
    left: usize,
    removed: u64,
    error: Option<T::Error>,
}

impl<T: Transport> Default for Tallies<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Transport> Tallies<T> {
    /// So many outcomes for this ticket will be one.
    pub fn begin(&mut self, ticket: T::Ticket, left: usize) {
        self.0.push(Tally { ticket, left, removed: 0, error: None });
    }

    /// The outcomes of all others as they are, and of each tally one, once it is complete.
    pub fn sum_up(&mut self, settled: Vec<Settled<T>>) -> Vec<Settled<T>> {
        if self.0.is_empty() {
            return settled;
        }
        settled.into_iter().filter_map(|outcome| self.add(outcome)).collect()
    }

    /// Forgets those that have been settled by their deadlines.
    pub fn purge(&mut self) {
        self.0.retain(|tally| !tally.ticket.is_settled());
    }

    fn add(&mut self, (ticket, outcome): Settled<T>) -> Option<Settled<T>> {
        let Some(index) = self.0.iter().position(|tally| tally.ticket.is(&ticket)) else {
            return Some((ticket, outcome));
        };
        let tally = &mut self.0[index];
        tally.left -= 1;
        match outcome {
            Ok(outcome) => tally.removed += u64::from(matches!(outcome, Outcome::Removed(true))),
            Err(error) => drop(tally.error.get_or_insert(error)),
        }
        if tally.left > 0 {
            return None;
        }
        let Tally { ticket, removed, error, .. } = self.0.swap_remove(index);
        Some((ticket, error.map_or(Ok(Outcome::Count(removed)), Err)))
    }
}
