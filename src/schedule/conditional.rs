//! Conditional sets that have missed: the row is not the one that they expect.
//!
//! Such a set keeps its place, and its id stays busy. The row is read on the primary and handed to the caller, who fills the
//! set again, with another value and another expectation, or withdraws it. So whatever is called later sees what it stored
//! in the end.

use std::time::Instant;

use super::{
    command::{Body, Command, CommandId},
    conflict::{Conflict, Missed},
    operation::{Epoch, Operation, Ticket, Transport},
    scheduler::{InFlight, Scheduler},
};
use crate::session::StoredRow;

/// By the index of their keys.
pub type CurrentRows<T> = Vec<Option<StoredRow<<T as Transport>::Value>>>;

impl<T: Transport> Scheduler<T> {
    /// The conflicts since the last call. Each set waits for `fill` or `withdraw`.
    pub fn take_conflicts(&mut self) -> Vec<Conflict<T>> {
        std::mem::take(&mut self.conflicts)
    }

    /// The rows that a `FindCurrent` asked for, by index.
    pub fn end_find_current(&mut self, id: CommandId, rows: Result<CurrentRows<T>, T::Error>) {
        let Some(InFlight::FindCurrent(missed)) = self.in_flight.remove(&id) else { return };
        match rows {
            Ok(rows) => {
                let rows = rows.into_iter().chain(std::iter::repeat_with(|| None));
                let conflicts = missed.into_iter().zip(rows).filter(|(set, _)| !set.ticket.is_settled());
                self.conflicts.extend(conflicts.map(|(Missed { sequence, ticket, resent, .. }, row)| {
                    Conflict { sequence, ticket, resent, row }
                }));
            }
            Err(error) => {
                for Missed { sequence, key, .. } in missed {
                    self.unfilled.remove(&sequence);
                    let set = self.keys.change(&key, |queue| queue.remove(sequence)).flatten();
                    if let Some(set) = set {
                        self.barriers.leave(set.epoch);
                        self.settled.push((set.ticket, Err(error.clone())));
                    }
                }
            }
        }
    }

    /// `None` if nobody waits for the set any more.
    pub(super) fn miss(
        &mut self,
        key: &T::Key,
        set: Operation<T>,
        resent: bool,
        left: &mut Vec<Epoch>,
    ) -> Option<Missed<T>> {
        let (sequence, ticket) = (set.sequence, set.ticket.clone());
        self.keys.change(key, |queue| queue.miss(set, left));
        if ticket.is_settled() {
            return None;
        }
        self.unfilled.insert(sequence, key.clone());
        Some(Missed { sequence, key: key.clone(), ticket, resent })
    }

    pub(super) fn send_find_current(&mut self, missed: Vec<Missed<T>>, now: Instant) -> Command<T> {
        let keys = missed.iter().map(|set| set.key.clone()).collect();
        let deadline = missed.iter().map(|set| set.ticket.deadline()).max().unwrap_or(now);
        let command = self.command(Body::FindCurrent { keys }, deadline, 0);
        self.in_flight.insert(command.id, InFlight::FindCurrent(missed));
        command
    }
}
