//! What waits for one id, and how it becomes statements, lookups and answers.

use std::{collections::VecDeque, sync::Arc};

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
    Get {
        /// The latest `expires` that it no longer finds.
        latest_expired: i64,
    },
    Set {
        value: Value,
        dates: Dates,
    },
    /// A set whose payload has not been delivered. Nothing behind it is sent before it.
    Reserved,
    Touch {
        dates: Dates,
    },
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
        matches!(self.members.first(), Some(Member { op: Op { action: Action::Destroy, .. }, .. }))
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
            self.value.clone().map_or(Known::Nothing, |value| Known::Row(Row { value, dates: self.dates }))
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

/// The waiting operations of one id, and which commands it is in.
#[derive(Debug, Default)]
pub struct Line {
    waiting: VecDeque<Op>,
    /// How many of `waiting` no get can pass: sets and destroys.
    blocks: usize,
    /// The first get of the find under way.
    reading: Option<u64>,
    writing: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    touches_only: bool,
    dates: Dates,
    leaves: Known,
}

impl Op {
    /// The command that carries it out; `None` for a get.
    pub fn write_kind(&self) -> Option<WriteKind> {
        match self.action {
            Action::Get { .. } => None,
            Action::Set { .. } | Action::Reserved | Action::Touch { .. } => Some(WriteKind::Update),
            Action::Destroy => Some(WriteKind::Delete),
        }
    }

    fn blocks_reads(&self) -> bool {
        matches!(self.action, Action::Set { .. } | Action::Reserved | Action::Destroy)
    }
}

impl Line {
    pub fn push(&mut self, op: Op) {
        self.blocks += usize::from(op.blocks_reads());
        self.waiting.push_back(op);
    }

    /// Gives the set at `seq` what it stores.
    pub fn deliver(&mut self, seq: u64, value: Value, dates: Dates) {
        if let Some(op) = self.waiting.iter_mut().find(|op| op.seq == seq) {
            op.action = Action::Set { value, dates };
        }
    }

    /// Whether a get that arrives now is behind a write that will answer it.
    pub fn blocks_new_gets(&self) -> bool {
        self.blocks > 0
    }

    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.reading.is_none() && self.writing.is_none()
    }

    pub fn ticket(&self, seq: u64) -> Option<&Ticket> {
        self.waiting.iter().find(|op| op.seq == seq).map(|op| &*op.ticket)
    }

    /// The first get that may be sent.
    pub fn next_read(&self) -> Option<u64> {
        if self.reading.is_some() || self.writing.as_ref().is_some_and(|writing| !writing.touches_only) {
            return None;
        }
        self.waiting
            .iter()
            .take_while(|op| !op.blocks_reads())
            .find(|op| op.write_kind().is_none() && !op.ticket.is_settled())
            .map(|op| op.seq)
    }

    /// The write that may be sent.
    pub fn next_write(&self) -> Option<(u64, WriteKind)> {
        let head = self.waiting.front()?;
        let kind = head.write_kind().filter(|_| !matches!(head.action, Action::Reserved))?;
        (self.writing.is_none() && self.may_write_beside_reading(head)).then_some((head.seq, kind))
    }

    pub fn begin_read(&mut self) -> Vec<(Op, Dates)> {
        let gets = self.take_gets();
        self.reading = gets.first().map(|(op, _)| op.seq);
        gets
    }

    pub fn end_read(&mut self) {
        self.reading = None;
        self.drop_settled_head();
    }

    /// `None` if all that was to be written has been settled meanwhile.
    pub fn begin_write(&mut self, id: &Id, kind: WriteKind) -> Option<Statement> {
        let statement = match kind {
            WriteKind::Update => self.fold_update(id),
            WriteKind::Delete => self.take_destroy(id),
        }?;
        self.writing = Some(Writing {
            touches_only: kind == WriteKind::Update && !statement.upserts(),
            dates: statement.dates,
            leaves: statement.leaves(),
        });
        Some(statement)
    }

    /// Takes `orphans` back; returns the gets that the acknowledged write answers.
    pub fn end_write(&mut self, acknowledged: bool, orphans: Vec<Op>) -> Vec<(Op, Option<Row>)> {
        let leaves = self.writing.take().map_or(Known::Nothing, |writing| writing.leaves);
        self.put_back(orphans);
        let answered = if acknowledged { self.answer_gets(&leaves) } else { Vec::new() };
        self.drop_settled_head();
        answered
    }

    /// Forgets what has been settled. Returns whether there was any.
    pub fn purge(&mut self) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|op| !op.ticket.is_settled());
        self.blocks = self.waiting.iter().filter(|op| op.blocks_reads()).count();
        self.waiting.len() < before
    }

    pub fn take_all(&mut self) -> impl Iterator<Item = Op> {
        self.blocks = 0;
        self.waiting.drain(..)
    }

    /// A write waits for the gets before it; a touch that was called before the gets under way need not.
    fn may_write_beside_reading(&self, op: &Op) -> bool {
        match (self.reading, &op.action) {
            (None, _) => true,
            (Some(first_get), Action::Touch { .. }) => op.seq < first_get,
            (Some(_), _) => false,
        }
    }

    fn drop_settled_head(&mut self) {
        while self.waiting.front().is_some_and(|op| op.ticket.is_settled()) {
            self.pop_front();
        }
    }

    /// Bytes of the value at the head.
    pub fn next_write_size(&self) -> usize {
        match self.waiting.front().map(|op| &op.action) {
            Some(Action::Set { value, .. }) => value.bytes.len(),
            _ => 0,
        }
    }

    fn pop_front(&mut self) -> Option<Op> {
        let op = self.waiting.pop_front()?;
        self.blocks -= usize::from(op.blocks_reads());
        Some(op)
    }

    /// The gets that nothing but touches precedes, each with the dates of those touches.
    fn take_gets(&mut self) -> Vec<(Op, Dates)> {
        let mut overlay = self.writing.as_ref().map_or(Dates::default(), |writing| writing.dates);
        let mut gets = Vec::new();
        let mut touches = Vec::new();
        while self.waiting.front().is_some_and(|op| op.ticket.is_settled() || !op.blocks_reads()) {
            let op = self.pop_front().expect("just seen");
            match op.action {
                _ if op.ticket.is_settled() => {}
                Action::Touch { dates } => {
                    overlay = overlay.overlaid_by(dates);
                    touches.push(op);
                }
                _ if op.ticket.send() => gets.push((op, overlay)),
                _ => {}
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
        let mut statement =
            Statement { id: id.clone(), value: None, dates: Dates::default(), members: Vec::new() };
        while let Some(op) = self.waiting.front() {
            let settled = op.ticket.is_settled();
            let fits = match &op.action {
                Action::Get { .. } => statement.value.is_some(),
                Action::Destroy | Action::Reserved => false,
                Action::Set { .. } | Action::Touch { .. } => self.may_write_beside_reading(op),
            };
            if !settled && !fits {
                break;
            }
            let op = self.pop_front().expect("just seen");
            if settled || !op.ticket.send() {
                continue;
            }
            let answer = match &op.action {
                Action::Get { latest_expired } => statement
                    .value
                    .as_ref()
                    .and_then(|value| own_row(value, statement.dates, *latest_expired)),
                Action::Set { value, dates } => {
                    statement.value = Some(value.clone());
                    statement.dates = statement.dates.overlaid_by(*dates);
                    None
                }
                Action::Touch { dates } => {
                    statement.dates = statement.dates.overlaid_by(*dates);
                    None
                }
                Action::Destroy | Action::Reserved => unreachable!("they end the fold"),
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
                Action::Set { .. } | Action::Reserved | Action::Touch { .. } => false,
            };
            if !settled && !fits {
                break;
            }
            let op = self.pop_front().expect("just seen");
            if !settled && op.ticket.send() {
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
            self.blocks += usize::from(op.blocks_reads());
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
                    (Known::Row(row), Action::Get { latest_expired }) => {
                        own_row(&row.value, row.dates.overlaid_by(overlay), *latest_expired)
                    }
                    _ => None,
                };
                (op, row)
            })
            .collect()
    }
}

/// A row that this store wrote itself, as a get finds it.
fn own_row(value: &Value, dates: Dates, latest_expired: i64) -> Option<Row> {
    let expiry = dates.expires.map_or(Expiry::NotADate, Expiry::At);
    expiry.is_live(latest_expired).then(|| Row { value: value.clone(), dates })
}
