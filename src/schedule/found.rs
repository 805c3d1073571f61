//! Rows that a filter has found are destroyed: after what was called before, before what is called later.

use super::{
    command::CommandId,
    operation::{Action, Outcome, Ticket, Transport},
    scheduler::{InFlight, Scheduler},
};
use crate::session::Expected;

/// Ids that a `FindToDestroy` may find, for which it has sequence numbers.
pub const MAX_FOUND: u64 = 1 << 24;

impl<T: Transport> Scheduler<T> {
    /// The ids that a `FindToDestroy` has found. Whichever of their rows are still as expected are destroyed, before anything
    /// that the barrier has held back; how many they were is the barrier's outcome. They take up to `MAX_FOUND` sequence
    /// numbers, from the barrier's on.
    pub fn destroy_found(&mut self, id: CommandId, keys: Vec<T::Key>, expected: &Expected<T::Value>) {
        let Some(InFlight::Barrier { sequence }) = self.in_flight.remove(&id) else { return };
        if let Some(ticket) = self.barriers.finish(sequence).filter(|ticket| !ticket.is_settled()) {
            if keys.is_empty() {
                self.settled.push((ticket.clone(), Ok(Outcome::Count(0))));
            } else {
                self.tallies.begin(ticket.clone(), keys.len());
            }
            for (sequence, key) in (sequence..).zip(keys) {
                let action = Action::DestroyIf { expected: Box::new(expected.clone()) };
                self.admit(sequence, &key, ticket.clone(), action);
            }
        }
        self.release_held();
    }
}
