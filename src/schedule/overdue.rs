//! Commands that nobody waits for any more, and that nothing will fence off: what a borrowed connection gives up.

use std::time::Instant;

use super::{
    command::CommandId,
    key_queue::KeyQueue,
    operation::{Ticket, Transport},
    scheduler::{InFlight, Scheduler, Unsettled},
    statement::StatementEnd,
};

impl<T: Transport> Scheduler<T> {
    /// Commands whose operations have all been settled, by their deadlines: nobody waits for them.
    pub fn overdue(&self) -> Vec<CommandId> {
        let is_overdue = |command: &InFlight<T>| match command {
            InFlight::Find { lookups, .. } => lookups
                .iter()
                .flatten()
                .flat_map(|lookup| &lookup.gets)
                .all(|(get, _)| get.ticket.is_settled()),
            InFlight::Write(write) => write
                .statements
                .iter()
                .flat_map(|(_, members)| members)
                .all(|member| member.operation.ticket.is_settled()),
            InFlight::FindExisting(counted) => counted
                .statements
                .iter()
                .flat_map(|(_, members)| members)
                .all(|member| member.operation.ticket.is_settled()),
            InFlight::FindCurrent(missed) => missed.iter().all(|set| set.ticket.is_settled()),
            InFlight::Fence { .. } | InFlight::Barrier { .. } => false,
        };
        self.in_flight.iter().filter(|(_, command)| is_overdue(command)).map(|(id, _)| *id).collect()
    }

    /// Gives a command up that was never answered and that nothing will fence off. Its window is free; the ids of a
    /// write take no other write until `settle`.
    pub fn abandon(&mut self, id: CommandId, error: &T::Error, now: Instant) {
        match self.in_flight.remove(&id) {
            Some(InFlight::Find { lookups, keys, departure }) => {
                lookups.into_iter().flatten().for_each(|lookup| self.fail_gets(lookup, error));
                for key in &keys {
                    self.keys.change(key, KeyQueue::end_read);
                }
                self.windows.end(departure, false, self.keys.ready_reads() == 0, now);
            }
            Some(InFlight::Write(write)) => {
                for (statement, _) in &write.statements {
                    self.keys.change(&statement.key, KeyQueue::leave_unsettled);
                }
                let tickets: Vec<_> = write
                    .statements
                    .iter()
                    .flat_map(|(_, members)| members)
                    .map(|member| member.operation.ticket.clone())
                    .collect();
                let keys = write.statements.iter().map(|(statement, _)| statement.key.clone()).collect();
                self.unsettled.insert(id, Unsettled { keys, _tickets: tickets });
                self.end_statements_alike(write.statements, &StatementEnd::Unknown(error.clone()));
                self.windows.end(write.departure, false, self.keys.ready_writes() == 0, now);
            }
            Some(InFlight::FindExisting(counted)) => {
                self.in_flight.insert(id, InFlight::FindExisting(counted));
                self.end_find_existing(id, None);
            }
            Some(InFlight::FindCurrent(missed)) => {
                self.in_flight.insert(id, InFlight::FindCurrent(missed));
                self.end_find_current(id, Err(error.clone()));
            }
            Some(other) => drop(self.in_flight.insert(id, other)),
            None => {}
        }
    }

    /// A write that was given up has had a reply after all, whatever it is: its ids are free.
    pub fn settle(&mut self, id: CommandId) {
        let Some(unsettled) = self.unsettled.remove(&id) else { return };
        for key in &unsettled.keys {
            self.keys.change(key, KeyQueue::settle);
        }
    }
}
