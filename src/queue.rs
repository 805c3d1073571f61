//! Which operation may go next: order per id, folding, and answers from writes that are under way.
//!
//! Pure: no clock, no I/O. Every id has a line of waiting operations. A line is ready for a find, for an update or for a
//! delete, and an id is in at most one of each: writes exclude each other and the reads before and after them, only a
//! touch and a get may be under way together, since the touch's dates are laid over the row that the get finds.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    barriers::Epoch,
    id::Id,
    layout::{Dates, Expiry, Row, Value},
    operation::Ticket,
};

/// A larger value travels alone, so that small ones do not wait for it.
pub const LARGE_VALUE_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub struct Op {
    /// Its place in the order in which the store's operations were called.
    pub seq: u64,
    pub ticket: Arc<Ticket>,
    pub action: Action,
    /// Held, never read: the barriers behind this operation wait until it is dropped.
    pub epoch: Epoch,
}

#[derive(Debug)]
pub enum Action {
    Get { now: i64 },
    Set { value: Value, dates: Dates },
    Touch { dates: Dates },
    Destroy,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WriteKind {
    Update,
    Delete,
}

/// One id of a find, with everyone who waits for it.
#[derive(Debug)]
pub struct Lookup {
    pub id: Id,
    /// Each get with the dates of the touches that were called before it.
    pub gets: Vec<(Op, Dates)>,
}

/// One statement of an update or delete, with everyone whose operation it carries out.
#[derive(Debug)]
pub struct Statement {
    pub id: Id,
    /// What is stored: `None` for touches alone, and for a destroy.
    pub value: Option<Value>,
    pub dates: Dates,
    pub members: Vec<Member>,
}

#[derive(Debug)]
pub struct Member {
    pub op: Op,
    /// For a get that the statement answers: the row as the operations before it leave it.
    pub answer: Option<Row>,
}

impl Statement {
    pub fn upserts(&self) -> bool {
        self.value.is_some()
    }

    pub fn is_destroy(&self) -> bool {
        matches!(
            self.members.first(),
            Some(Member {
                op: Op {
                    action: Action::Destroy,
                    ..
                },
                ..
            })
        )
    }

    /// Approximate bytes in the command.
    pub fn size(&self) -> usize {
        /// Names, lengths and dates around the id and the value.
        const ENVELOPE: usize = 128;
        ENVELOPE + self.id.bytes().len() + self.value.as_ref().map_or(0, |value| value.bytes.len())
    }

    /// What is known of the row once the statement is acknowledged; touches alone tell nothing of it.
    fn leaves(&self) -> Known {
        if self.is_destroy() {
            Known::Missing
        } else {
            self.value.clone().map_or(Known::Nothing, |value| {
                Known::Row(Row {
                    value,
                    dates: self.dates,
                })
            })
        }
    }
}

/// What a write that is under way, or has just been acknowledged, tells the gets behind it.
#[derive(Clone, Debug)]
enum Known {
    Nothing,
    Missing,
    Row(Row),
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Op>,
    /// How many of `waiting` no get can pass: sets and destroys.
    blocks: usize,
    /// The first get of the find under way.
    reading: Option<u64>,
    writing: Option<Writing>,
    ready_read: Option<u64>,
    ready_write: Option<(u64, WriteKind)>,
}

#[derive(Debug)]
struct Writing {
    touches_only: bool,
    dates: Dates,
    leaves: Known,
}

#[derive(Debug, Default)]
pub struct Queue {
    lines: HashMap<Id, Line>,
    reads: BTreeMap<u64, Id>,
    updates: BTreeMap<u64, Id>,
    deletes: BTreeMap<u64, Id>,
}

impl Queue {
    pub fn admit(&mut self, id: Id, op: Op) {
        let line = self.lines.entry(id.clone()).or_default();
        let seq = op.seq;
        let first = line.waiting.is_empty();
        let ready = match op.action {
            Action::Get { .. } => {
                let open = line.blocks == 0 && line.reading.is_none() && !line.writing_blocks_reads();
                (open && line.ready_read.is_none()).then(|| {
                    line.ready_read = Some(seq);
                    &mut self.reads
                })
            }
            Action::Set { .. } | Action::Touch { .. } | Action::Destroy => {
                line.blocks += usize::from(op.action.blocks_reads());
                let may = first && line.writing.is_none() && line.may_write_beside_reading(&op);
                may.then(|| {
                    let kind = op.action.write_kind().expect("a write");
                    line.ready_write = Some((seq, kind));
                    match kind {
                        WriteKind::Update => &mut self.updates,
                        WriteKind::Delete => &mut self.deletes,
                    }
                })
            }
        };
        line.waiting.push_back(op);
        if let Some(ready) = ready {
            ready.insert(seq, id);
        }
    }

    /// The oldest operation that could be sent as a read.
    pub fn oldest_read(&self) -> Option<&Ticket> {
        self.reads
            .iter()
            .next()
            .and_then(|(seq, id)| self.ticket(id, *seq))
    }

    /// The oldest operation that could be sent as a write, and in which command.
    pub fn oldest_write(&self) -> Option<(&Ticket, WriteKind)> {
        let update = self
            .updates
            .iter()
            .next()
            .map(|(seq, id)| (*seq, id, WriteKind::Update));
        let delete = self
            .deletes
            .iter()
            .next()
            .map(|(seq, id)| (*seq, id, WriteKind::Delete));
        let (seq, id, kind) = [update, delete]
            .into_iter()
            .flatten()
            .min_by_key(|(seq, ..)| *seq)?;
        self.ticket(id, seq).map(|ticket| (ticket, kind))
    }

    pub fn has_ready_reads(&self) -> bool {
        !self.reads.is_empty()
    }

    pub fn has_ready_writes(&self) -> bool {
        !self.updates.is_empty() || !self.deletes.is_empty()
    }

    /// Ids that wait for, or are in, a command.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes up to `limit` ids for one find, oldest first.
    pub fn take_reads(&mut self, limit: usize) -> Vec<Lookup> {
        let mut lookups = Vec::with_capacity(limit.min(self.reads.len()));
        while lookups.len() < limit {
            let Some((_, id)) = self.reads.pop_first() else {
                break;
            };
            let line = self.lines.get_mut(&id).expect("a ready id has a line");
            line.ready_read = None;
            let gets = line.take_gets();
            line.reading = gets.first().map(|(op, _)| op.seq);
            if !gets.is_empty() {
                lookups.push(Lookup { id: id.clone(), gets });
            }
            self.refresh(&id);
        }
        lookups
    }

    /// Ids with a write that may be sent, oldest first.
    pub fn ready_writes(&self, kind: WriteKind) -> impl Iterator<Item = &Id> {
        let ready = match kind {
            WriteKind::Update => &self.updates,
            WriteKind::Delete => &self.deletes,
        };
        ready.values()
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
        let mut skipped = Vec::new();
        let mut taken = Vec::new();
        while statements.len() < limit {
            let Some((seq, id)) = ready.pop_first() else { break };
            let line = self.lines.get_mut(&id).expect("a ready id has a line");
            let next_size = line.next_write_size();
            let fits = statements.is_empty() || (next_size <= LARGE_VALUE_BYTES && bytes + next_size <= room);
            if !fits || !admissible(&id) {
                skipped.push((seq, id));
                continue;
            }
            line.ready_write = None;
            let statement = match kind {
                WriteKind::Update => line.fold_update(&id),
                WriteKind::Delete => line.take_destroy(&id),
            };
            if let Some(statement) = statement {
                bytes += statement.size();
                line.writing = Some(Writing {
                    touches_only: kind == WriteKind::Update && !statement.upserts(),
                    dates: statement.dates,
                    leaves: statement.leaves(),
                });
                statements.push(statement);
            }
            taken.push(id);
            if bytes > room {
                break;
            }
        }
        ready.extend(skipped);
        for id in taken {
            self.refresh(&id);
        }
        statements
    }

    pub fn finish_read(&mut self, id: &Id) {
        if let Some(line) = self.lines.get_mut(id) {
            line.reading = None;
            self.refresh(id);
        }
    }

    /// The gets of a find that could not be asked go back to their place, in front of everything later.
    pub fn return_gets(&mut self, id: &Id, gets: Vec<Op>) {
        if let Some(line) = self.lines.get_mut(id) {
            line.put_back(gets);
        }
    }

    /// After an acknowledgement (`acknowledged`) or a failure of the write of `id`. Returns the gets that waited behind
    /// it and are answered by it; after a failure they query.
    pub fn finish_write(&mut self, id: &Id, acknowledged: bool, orphans: Vec<Op>) -> Vec<(Op, Option<Row>)> {
        let Some(line) = self.lines.get_mut(id) else {
            return Vec::new();
        };
        let leaves = line
            .writing
            .take()
            .map_or(Known::Nothing, |writing| writing.leaves);
        line.put_back(orphans);
        let answered = if acknowledged {
            line.answer_gets(&leaves)
        } else {
            Vec::new()
        };
        self.refresh(id);
        answered
    }

    /// Forgets the operations that have been settled meanwhile, by their deadlines.
    pub fn purge(&mut self) {
        let stale: Vec<Id> = self
            .lines
            .iter()
            .filter(|(_, line)| line.waiting.iter().any(|op| op.ticket.is_settled()))
            .map(|(id, _)| id.clone())
            .collect();
        for id in stale {
            if let Some(line) = self.lines.get_mut(&id) {
                line.waiting.retain(|op| !op.ticket.is_settled());
                line.blocks = line.waiting.iter().filter(|op| op.action.blocks_reads()).count();
            }
            self.refresh(&id);
        }
    }

    /// Takes everything that waits: the store gives up on it.
    pub fn take_all(&mut self) -> Vec<Op> {
        let ids: Vec<Id> = self.lines.keys().cloned().collect();
        let mut all = Vec::new();
        for id in ids {
            if let Some(line) = self.lines.get_mut(&id) {
                all.extend(line.waiting.drain(..));
                line.blocks = 0;
            }
            self.refresh(&id);
        }
        all.sort_by_key(|op| op.seq);
        all
    }

    fn ticket(&self, id: &Id, seq: u64) -> Option<&Ticket> {
        self.lines
            .get(id)?
            .waiting
            .iter()
            .find(|op| op.seq == seq)
            .map(|op| &*op.ticket)
    }

    /// Decides anew what the line of `id` is ready for.
    fn refresh(&mut self, id: &Id) {
        let Some(line) = self.lines.get_mut(id) else {
            return;
        };
        while line.waiting.front().is_some_and(|op| op.ticket.is_settled()) {
            line.pop_front();
        }
        let read = line.next_read();
        if line.ready_read != read {
            if let Some(seq) = std::mem::replace(&mut line.ready_read, read) {
                self.reads.remove(&seq);
            }
            if let Some(seq) = read {
                self.reads.insert(seq, id.clone());
            }
        }
        let write = line.next_write();
        if line.ready_write != write {
            if let Some((seq, kind)) = std::mem::replace(&mut line.ready_write, write) {
                match kind {
                    WriteKind::Update => self.updates.remove(&seq),
                    WriteKind::Delete => self.deletes.remove(&seq),
                };
            }
            match write {
                Some((seq, WriteKind::Update)) => drop(self.updates.insert(seq, id.clone())),
                Some((seq, WriteKind::Delete)) => drop(self.deletes.insert(seq, id.clone())),
                None => {}
            }
        }
        if line.waiting.is_empty() && line.reading.is_none() && line.writing.is_none() {
            self.lines.remove(id);
        }
    }
}

impl Action {
    fn blocks_reads(&self) -> bool {
        matches!(self, Action::Set { .. } | Action::Destroy)
    }

    fn write_kind(&self) -> Option<WriteKind> {
        match self {
            Action::Get { .. } => None,
            Action::Set { .. } | Action::Touch { .. } => Some(WriteKind::Update),
            Action::Destroy => Some(WriteKind::Delete),
        }
    }
}

impl Line {
    fn writing_blocks_reads(&self) -> bool {
        self.writing.as_ref().is_some_and(|writing| !writing.touches_only)
    }

    /// A write waits for the gets before it; a touch that was called before the gets under way need not.
    fn may_write_beside_reading(&self, op: &Op) -> bool {
        match (self.reading, &op.action) {
            (None, _) => true,
            (Some(first_get), Action::Touch { .. }) => op.seq < first_get,
            (Some(_), _) => false,
        }
    }

    fn next_read(&self) -> Option<u64> {
        if self.reading.is_some() || self.writing_blocks_reads() {
            return None;
        }
        self.waiting
            .iter()
            .take_while(|op| !op.action.blocks_reads())
            .find(|op| matches!(op.action, Action::Get { .. }) && !op.ticket.is_settled())
            .map(|op| op.seq)
    }

    fn next_write(&self) -> Option<(u64, WriteKind)> {
        let head = self.waiting.front()?;
        let kind = head.action.write_kind()?;
        (self.writing.is_none() && self.may_write_beside_reading(head)).then_some((head.seq, kind))
    }

    fn next_write_size(&self) -> usize {
        match self.waiting.front().map(|op| &op.action) {
            Some(Action::Set { value, .. }) => value.bytes.len(),
            _ => 0,
        }
    }

    fn pop_front(&mut self) -> Option<Op> {
        let op = self.waiting.pop_front()?;
        self.blocks -= usize::from(op.action.blocks_reads());
        Some(op)
    }

    /// The gets that nothing but touches precedes, each with the dates of those touches.
    fn take_gets(&mut self) -> Vec<(Op, Dates)> {
        let mut overlay = self
            .writing
            .as_ref()
            .map_or(Dates::default(), |writing| writing.dates);
        let mut gets = Vec::new();
        let mut touches = Vec::new();
        while self
            .waiting
            .front()
            .is_some_and(|op| op.ticket.is_settled() || !op.action.blocks_reads())
        {
            let op = self.pop_front().expect("just seen");
            match op.action {
                _ if op.ticket.is_settled() => {}
                Action::Touch { dates } => {
                    overlay = overlay.overlaid_by(dates);
                    touches.push(op);
                }
                _ => gets.push((op, overlay)),
            }
        }
        for op in touches.into_iter().rev() {
            self.waiting.push_front(op);
        }
        gets
    }

    /// Consecutive sets and touches become their last state; gets between them are answered on the way, up to the first
    /// that must query.
    fn fold_update(&mut self, id: &Id) -> Option<Statement> {
        let mut statement = Statement {
            id: id.clone(),
            value: None,
            dates: Dates::default(),
            members: Vec::new(),
        };
        while let Some(op) = self.waiting.front() {
            let settled = op.ticket.is_settled();
            let fits = match &op.action {
                Action::Get { .. } => statement.value.is_some(),
                Action::Destroy => false,
                Action::Set { .. } | Action::Touch { .. } => self.may_write_beside_reading(op),
            };
            if !settled && !fits {
                break;
            }
            let op = self.pop_front().expect("just seen");
            if settled {
                continue;
            }
            let answer = match &op.action {
                Action::Get { now } => statement
                    .value
                    .as_ref()
                    .and_then(|value| own_row(value, statement.dates, *now)),
                Action::Set { value, dates } => {
                    statement.value = Some(value.clone());
                    statement.dates = statement.dates.overlaid_by(*dates);
                    None
                }
                Action::Touch { dates } => {
                    statement.dates = statement.dates.overlaid_by(*dates);
                    None
                }
                Action::Destroy => unreachable!("a destroy ends the fold"),
            };
            statement.members.push(Member { op, answer });
        }
        (!statement.members.is_empty()).then_some(statement)
    }

    fn take_destroy(&mut self, id: &Id) -> Option<Statement> {
        let mut members: Vec<Member> = Vec::new();
        while let Some(op) = self.waiting.front() {
            let settled = op.ticket.is_settled();
            let fits = match op.action {
                Action::Destroy => members.is_empty(),
                Action::Get { .. } => !members.is_empty(),
                Action::Set { .. } | Action::Touch { .. } => false,
            };
            if !settled && !fits {
                break;
            }
            let op = self.pop_front().expect("just seen");
            if !settled {
                members.push(Member { op, answer: None });
            }
        }
        (!members.is_empty()).then(|| Statement {
            id: id.clone(),
            value: None,
            dates: Dates::default(),
            members,
        })
    }

    fn put_back(&mut self, mut ops: Vec<Op>) {
        ops.sort_by_key(|op| op.seq);
        for op in ops.into_iter().rev() {
            let place = self.waiting.partition_point(|waiting| waiting.seq < op.seq);
            self.blocks += usize::from(op.action.blocks_reads());
            self.waiting.insert(place, op);
        }
    }

    /// Answers the gets that a get after the acknowledged write would repeat.
    fn answer_gets(&mut self, known: &Known) -> Vec<(Op, Option<Row>)> {
        if matches!(known, Known::Nothing) {
            return Vec::new();
        }
        self.take_gets()
            .into_iter()
            .map(|(op, overlay)| {
                let row = match (known, &op.action) {
                    (Known::Row(row), Action::Get { now }) => {
                        own_row(&row.value, row.dates.overlaid_by(overlay), *now)
                    }
                    _ => None,
                };
                (op, row)
            })
            .collect()
    }
}

/// A row that this store wrote itself, as a get finds it.
fn own_row(value: &Value, dates: Dates, now: i64) -> Option<Row> {
    let expiry = dates.expires.map_or(Expiry::NotADate, Expiry::At);
    expiry.is_live(now).then(|| Row {
        value: value.clone(),
        dates,
    })
}

#[cfg(test)]
mod tests;
