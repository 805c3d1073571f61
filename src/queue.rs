//! Which operation may go next: readiness over all ids, oldest first.
//!
//! Pure: no clock, no I/O. Every id has a line of waiting operations ([`crate::line`]). A line is ready for a find, for
//! an update or for a delete, and an id is in at most one of each: writes exclude each other and the reads before and
//! after them, only a touch and a get may be under way together, since the touch's dates are laid over the row that the
//! get finds.

use std::collections::{BTreeMap, HashMap};

use crate::{
    id::Id,
    layout::{Dates, Row, Value},
    line::{LARGE_VALUE_BYTES, Line, Lookup, Op, Statement, WriteKind},
    operation::Ticket,
};

#[derive(Debug, Default)]
pub struct Queue {
    entries: HashMap<Id, Entry>,
    /// Ids whose line is ready, by the place of the operation that makes it so.
    reads: BTreeMap<u64, Id>,
    updates: BTreeMap<u64, Id>,
    deletes: BTreeMap<u64, Id>,
}

#[derive(Debug, Default)]
struct Entry {
    line: Line,
    /// Its places in `reads` and in `updates` or `deletes`.
    ready_read: Option<u64>,
    ready_write: Option<(u64, WriteKind)>,
}

impl Queue {
    pub fn admit(&mut self, id: Id, op: Op) {
        let entry = self.entries.entry(id.clone()).or_default();
        let kind = op.write_kind();
        entry.line.push(op);
        // Behind something that is ready already, nothing becomes ready.
        match kind {
            None if entry.ready_read.is_none() && !entry.line.blocks_new_gets() => self.refresh(&id),
            Some(_) if entry.ready_write.is_none() => self.refresh(&id),
            _ => {}
        }
    }

    /// Gives a set that took its place earlier what it stores.
    pub fn deliver(&mut self, id: &Id, seq: u64, value: Value, dates: Dates) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.line.deliver(seq, value, dates);
            self.refresh(id);
        }
    }

    /// The oldest operation that could be sent as a read.
    pub fn oldest_read(&self) -> Option<&Ticket> {
        let (seq, id) = self.reads.first_key_value()?;
        self.ticket(id, *seq)
    }

    /// The oldest operation that could be sent as a write, and in which command.
    pub fn oldest_write(&self) -> Option<(&Ticket, WriteKind)> {
        let update = self.updates.first_key_value().map(|(seq, id)| (*seq, id, WriteKind::Update));
        let delete = self.deletes.first_key_value().map(|(seq, id)| (*seq, id, WriteKind::Delete));
        let (seq, id, kind) = [update, delete].into_iter().flatten().min_by_key(|(seq, ..)| *seq)?;
        self.ticket(id, seq).map(|ticket| (ticket, kind))
    }

    pub fn has_ready_reads(&self) -> bool {
        !self.reads.is_empty()
    }

    pub fn has_ready_writes(&self) -> bool {
        !self.updates.is_empty() || !self.deletes.is_empty()
    }

    /// Ids with a write that may be sent, oldest first.
    pub fn ready_writes(&self, kind: WriteKind) -> impl Iterator<Item = &Id> {
        match kind {
            WriteKind::Update => self.updates.values(),
            WriteKind::Delete => self.deletes.values(),
        }
    }

    /// Whether nothing waits and nothing is in a command.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes up to `limit` ids for one find, oldest first.
    pub fn take_reads(&mut self, limit: usize) -> Vec<Lookup> {
        let mut lookups = Vec::with_capacity(limit.min(self.reads.len()));
        while lookups.len() < limit {
            let Some((_, id)) = self.reads.pop_first() else { break };
            let entry = self.entries.get_mut(&id).expect("a ready id has an entry");
            entry.ready_read = None;
            let gets = entry.line.begin_read();
            self.refresh(&id);
            if !gets.is_empty() {
                lookups.push(Lookup { id, gets });
            }
        }
        lookups
    }

    /// Takes statements for one command of `kind`, oldest first, of the ids that `admissible` lets through.
    /// `room` is the soft bound in bytes; the first statement always fits.
    pub fn take_writes(
        &mut self,
        kind: WriteKind,
        limit: usize,
        room: usize,
        admissible: impl Fn(&Id) -> bool,
    ) -> Vec<Statement> {
        let ready = match kind {
            WriteKind::Update => &mut self.updates,
            WriteKind::Delete => &mut self.deletes,
        };
        let mut statements: Vec<Statement> = Vec::new();
        let mut bytes = 0;
        let (mut skipped, mut taken) = (Vec::new(), Vec::new());
        while statements.len() < limit && bytes <= room {
            let Some((seq, id)) = ready.pop_first() else { break };
            let entry = self.entries.get_mut(&id).expect("a ready id has an entry");
            let size = entry.line.next_write_size();
            let fits = statements.is_empty() || (size <= LARGE_VALUE_BYTES && bytes + size <= room);
            if !fits || !admissible(&id) {
                skipped.push((seq, id));
                continue;
            }
            entry.ready_write = None;
            if let Some(statement) = entry.line.begin_write(&id, kind) {
                bytes += statement.size();
                statements.push(statement);
            }
            taken.push(id);
        }
        ready.extend(skipped);
        for id in taken {
            self.refresh(&id);
        }
        statements
    }

    pub fn finish_read(&mut self, id: &Id) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.line.end_read();
            self.refresh(id);
        }
    }

    /// After an acknowledgement (`acknowledged`) or a failure of the write of `id`, whose `orphans` must query. Returns
    /// the gets that waited behind it and are answered by it.
    pub fn finish_write(&mut self, id: &Id, acknowledged: bool, orphans: Vec<Op>) -> Vec<(Op, Option<Row>)> {
        let Some(entry) = self.entries.get_mut(id) else { return Vec::new() };
        let answered = entry.line.end_write(acknowledged, orphans);
        self.refresh(id);
        answered
    }

    /// Forgets the operations that have been settled meanwhile, by their deadlines.
    pub fn purge(&mut self) {
        let changed: Vec<Id> = self
            .entries
            .iter_mut()
            .filter_map(|(id, entry)| entry.line.purge().then(|| id.clone()))
            .collect();
        for id in changed {
            self.refresh(&id);
        }
    }

    /// Takes everything that waits: the store gives up on it.
    pub fn take_all(&mut self) -> Vec<Op> {
        let ids: Vec<Id> = self.entries.keys().cloned().collect();
        let mut all: Vec<Op> = self.entries.values_mut().flat_map(|entry| entry.line.take_all()).collect();
        for id in ids {
            self.refresh(&id);
        }
        all.sort_by_key(|op| op.seq);
        all
    }

    fn ticket(&self, id: &Id, seq: u64) -> Option<&Ticket> {
        self.entries.get(id)?.line.ticket(seq)
    }

    /// Decides anew what the line of `id` is ready for.
    fn refresh(&mut self, id: &Id) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        let (read, write) = (entry.line.next_read(), entry.line.next_write());
        if entry.ready_read != read {
            if let Some(seq) = std::mem::replace(&mut entry.ready_read, read) {
                self.reads.remove(&seq);
            }
            if let Some(seq) = read {
                self.reads.insert(seq, id.clone());
            }
        }
        if entry.ready_write != write {
            if let Some((seq, kind)) = std::mem::replace(&mut entry.ready_write, write) {
                match kind {
                    WriteKind::Update => self.updates.remove(&seq),
                    WriteKind::Delete => self.deletes.remove(&seq),
                };
            }
            if let Some((seq, kind)) = write {
                match kind {
                    WriteKind::Update => self.updates.insert(seq, id.clone()),
                    WriteKind::Delete => self.deletes.insert(seq, id.clone()),
                };
            }
        }
        if entry.line.is_idle() {
            self.entries.remove(id);
        }
    }
}

#[cfg(test)]
mod tests;
