//! All ids that have something waiting, and which of them are ready for a find, an update or a delete: oldest first.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use super::{
    key_queue::KeyQueue,
    operation::{Operation, Transport, WriteKind},
};

#[derive(Debug)]
pub struct ReadyKeys<T: Transport> {
    entries: HashMap<T::Key, Entry<T>>,
    /// Ready ids, by the sequence number of the operation that makes them so.
    reads: BTreeMap<u64, T::Key>,
    updates: BTreeMap<u64, T::Key>,
    deletes: BTreeMap<u64, T::Key>,
}

#[derive(Debug)]
struct Entry<T: Transport> {
    queue: KeyQueue<T>,
    /// Where the id stands in `reads`, and in `updates` or `deletes`.
    ready_read: Option<u64>,
    ready_write: Option<(u64, WriteKind)>,
}

impl<T: Transport> Default for Entry<T> {
    fn default() -> Self {
        Self { queue: KeyQueue::default(), ready_read: None, ready_write: None }
    }
}

impl<T: Transport> Default for ReadyKeys<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            reads: BTreeMap::new(),
            updates: BTreeMap::new(),
            deletes: BTreeMap::new(),
        }
    }
}

impl<T: Transport> ReadyKeys<T> {
    pub fn push(&mut self, key: &T::Key, operation: Operation<T>) {
        let kind = operation.write_kind();
        let entry = self.entries.entry(key.clone()).or_default();
        entry.queue.push(operation);
        // Behind something that is ready already, nothing becomes ready.
        let may_be_ready = match kind {
            None => entry.ready_read.is_none() && !entry.queue.blocks_new_gets(),
            Some(_) => entry.ready_write.is_none(),
        };
        if may_be_ready {
            self.refresh(key);
        }
    }

    /// Changes an id's queue, and notes what it is ready for then.
    pub fn change<R>(&mut self, key: &T::Key, change: impl FnOnce(&mut KeyQueue<T>) -> R) -> Option<R> {
        let result = change(&mut self.entries.get_mut(key)?.queue);
        self.refresh(key);
        Some(result)
    }

    pub fn queue(&self, key: &T::Key) -> Option<&KeyQueue<T>> {
        self.entries.get(key).map(|entry| &entry.queue)
    }

    pub fn ready_reads(&self) -> usize {
        self.reads.len()
    }

    pub fn ready_writes(&self) -> usize {
        self.updates.len() + self.deletes.len()
    }

    pub fn ready_writes_of(&self, kind: WriteKind) -> usize {
        self.writes(kind).len()
    }

    /// The sequence number of the oldest operation that could be sent as a read, and its ticket.
    pub fn oldest_read(&self) -> Option<(u64, &T::Ticket)> {
        let (sequence, key) = self.reads.first_key_value()?;
        Some((*sequence, self.ticket(key, *sequence)?))
    }

    /// The same as a write, and in which command.
    pub fn oldest_write(&self) -> Option<(u64, &T::Ticket, WriteKind)> {
        let of = |kind| self.writes(kind).first_key_value().map(|(sequence, key)| (*sequence, key, kind));
        let oldest = [of(WriteKind::Update), of(WriteKind::Delete)];
        let (sequence, key, kind) = oldest.into_iter().flatten().min_by_key(|(sequence, ..)| *sequence)?;
        Some((sequence, self.ticket(key, sequence)?, kind))
    }

    pub fn first_read(&self) -> Option<&T::Key> {
        self.reads.first_key_value().map(|(_, key)| key)
    }

    /// The oldest id with a write that may be sent, of those after a sequence number.
    pub fn next_write(&self, kind: WriteKind, after: Option<u64>) -> Option<(u64, &T::Key)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.writes(kind).range((from, Bound::Unbounded)).next().map(|(sequence, key)| (*sequence, key))
    }

    fn writes(&self, kind: WriteKind) -> &BTreeMap<u64, T::Key> {
        match kind {
            WriteKind::Update => &self.updates,
            WriteKind::Delete => &self.deletes,
        }
    }

    pub fn keys(&self) -> Vec<T::Key> {
        self.entries.keys().cloned().collect()
    }

    fn ticket(&self, key: &T::Key, sequence: u64) -> Option<&T::Ticket> {
        self.entries.get(key)?.queue.ticket(sequence)
    }

    /// Decides anew what an id is ready for.
    fn refresh(&mut self, key: &T::Key) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let (read, write) = (entry.queue.next_read(), entry.queue.next_write());
        if entry.ready_read != read {
            if let Some(sequence) = std::mem::replace(&mut entry.ready_read, read) {
                self.reads.remove(&sequence);
            }
            if let Some(sequence) = read {
                self.reads.insert(sequence, key.clone());
            }
        }
        if entry.ready_write != write {
            if let Some((sequence, kind)) = std::mem::replace(&mut entry.ready_write, write) {
                match kind {
                    WriteKind::Update => self.updates.remove(&sequence),
                    WriteKind::Delete => self.deletes.remove(&sequence),
                };
            }
            if let Some((sequence, kind)) = write {
                match kind {
                    WriteKind::Update => self.updates.insert(sequence, key.clone()),
                    WriteKind::Delete => self.deletes.insert(sequence, key.clone()),
                };
            }
        }
        if entry.queue.is_idle() {
            self.entries.remove(key);
        }
    }
}
