//! What JavaScript says of the commands that it has sent.

use std::time::Instant;

use super::{
    codes::{find_end, from_javascript, write_fate},
    inbox::Operands,
    operation::{Failure, Handle},
    turn::Turns,
};
use crate::{
    schedule::{CommandId, Fate, FindEnd, WriteEnd, WriteReply},
    session::{Expected, Expiry, StoredRow},
};

impl Turns {
    pub(super) fn hear_of_command(&mut self, code: u32, id: CommandId, operands: &Operands, now: Instant) {
        match code {
            from_javascript::FOUND => {
                let value = Handle::Row { row: operands.short(2), bytes: operands.whole(3) };
                let (expiry, last_modified) = (operands.expiry(4), operands.date(6));
                let row = StoredRow { value, expiry, last_modified, ends: operands.date(7) };
                self.scheduler.found(id, operands.whole(1), &row);
            }
            from_javascript::FIND_END => {
                let error = operands.optional(2).map(|number| self.kept(number));
                let end = match (operands.short(1), error) {
                    (find_end::REJECTED, Some(error)) => FindEnd::Rejected(error),
                    (find_end::FAILED, Some(error)) => FindEnd::Failed(error),
                    (find_end::INCOMPLETE, error) => FindEnd::Incomplete(error),
                    _ => FindEnd::Complete,
                };
                self.scheduler.end_find(id, end, true, now);
            }
            from_javascript::UPSERTED => self.reply(id).upserted.push(operands.whole(1)),
            from_javascript::STATEMENT_FAILED => {
                let error = (operands.whole(1), self.kept(operands.short(2)));
                self.reply(id).errors.push(error);
            }
            from_javascript::WRITTEN => {
                let mut reply = self.replies.remove(&id).unwrap_or_default();
                reply.n = operands.optional(1).map(u64::from);
                reply.write_concern_error = operands.optional(2).map(|number| self.kept(number));
                self.end_write(id, WriteEnd::Reply(reply), now);
            }
            from_javascript::WRITE_FAILED => {
                let fate =
                    if operands.short(2) == write_fate::UNKNOWN { Fate::Unknown } else { Fate::NotApplied };
                self.end_write(id, WriteEnd::Failed { error: self.kept(operands.short(1)), fate }, now);
            }
            from_javascript::WRITE_REJECTED => {
                let error = self.kept(operands.short(1));
                self.end_write(id, WriteEnd::Rejected { error, txn_number: None }, now);
            }
            from_javascript::EXISTS => {
                if let Some(found) =
                    self.existing.get_mut(&id).and_then(|existing| existing.get_mut(operands.whole(1)))
                {
                    *found = true;
                }
            }
            from_javascript::EXISTING_END => {
                let existing = self.existing.remove(&id).filter(|_| operands.yes(1));
                self.scheduler.end_find_existing(id, existing.as_deref());
            }
            from_javascript::MISSED => {
                let index = operands.whole(1);
                self.reply(id).missed.push(index);
            }
            from_javascript::CURRENT => {
                let value = Handle::Row { row: operands.short(2), bytes: operands.whole(3) };
                // JavaScript, which has the row, reads its dates.
                let row = StoredRow { value, expiry: Expiry::Absent, last_modified: None, ends: None };
                let place = self.current.get_mut(&id).and_then(|rows| rows.get_mut(operands.whole(1)));
                if let Some(place) = place {
                    *place = Some(row);
                }
            }
            from_javascript::CURRENT_END => {
                let rows = self.current.remove(&id).unwrap_or_default();
                let error = operands.optional(1).map(|number| self.kept(number));
                self.scheduler.end_find_current(id, error.map_or(Ok(rows), Err));
            }
            from_javascript::TO_DESTROY => {
                self.to_destroy.entry(id).or_default().push(operands.short(1));
            }
            from_javascript::TO_DESTROY_END => {
                let keys = self.to_destroy.remove(&id).unwrap_or_default();
                if let Some(set) = self.barriers.remove(&operands.short(1)) {
                    let filter = Handle::OfSet { set, bytes: operands.whole(2), serves_gets: false };
                    self.scheduler.destroy_found(id, keys, &Expected::Fields(filter));
                }
            }
            from_javascript::BARRIER_END => {
                if let Some(ticket) = self.barriers.remove(&operands.short(1)) {
                    self.settle_by_javascript(&ticket, operands.yes(2));
                }
                self.scheduler.end_barrier(id);
            }
            _ => {}
        }
        self.collect();
    }

    fn reply(&mut self, id: CommandId) -> &mut WriteReply<Failure> {
        self.replies.entry(id).or_default()
    }

    /// A write that had been given up is settled by any reply.
    fn end_write(&mut self, id: CommandId, end: WriteEnd<Failure>, now: Instant) {
        self.scheduler.settle(id);
        self.scheduler.end_write(id, end, true, false, now);
    }
}
