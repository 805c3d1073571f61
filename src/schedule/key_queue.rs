//! What waits for one id, which commands the id is in, and what may leave next.
//!
//! An id is in at most one write at a time. A find of it may run beside an unanswered touch, since a touch's dates are
//! laid over the row that the find returns, and beside no other write.

use std::collections::VecDeque;

use super::{
    operation::{Action, Epoch, Operation, Ticket, Transport, Value, WriteKind},
    statement::{Lookup, Member, Statement, StatementEnd},
};
use crate::session::{Dates, Expected, Row};

#[derive(Debug)]
pub struct KeyQueue<T: Transport> {
    waiting: VecDeque<Operation<T>>,
    /// How many of `waiting` no get can pass.
    blocking: usize,
    /// The first get of the find in flight.
    reading: Option<u64>,
    writing: Option<Writing<T>>,
    /// A write was given up without an answer, and nothing fences it off: no other write may leave.
    unsettled: bool,
}

/// The write in flight.
#[derive(Debug)]
struct Writing<T: Transport> {
    only_touches: bool,
    dates: Dates,
    leaves: Leaves<T>,
}

/// What a write leaves behind once it is acknowledged, as far as gets behind it can be told.
#[derive(Debug)]
enum Leaves<T: Transport> {
    Unsaid,
    Nothing,
    Row(Row<T::Value>),
}

/// A get behind a write that has ended, with what it learns from that.
pub type DecidedGet<T> =
    (Operation<T>, Result<Option<Row<<T as Transport>::Value>>, <T as Transport>::Error>);

impl<T: Transport> Default for KeyQueue<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), blocking: 0, reading: None, writing: None, unsettled: false }
    }
}

impl<T: Transport> KeyQueue<T> {
    pub fn push(&mut self, operation: Operation<T>) {
        self.blocking += usize::from(operation.blocks_gets());
        self.waiting.push_back(operation);
    }

    /// Gives the set with this sequence number what it stores.
    pub fn fill(
        &mut self,
        sequence: u64,
        value: T::Value,
        dates: Dates,
        expected: Option<Box<Expected<T::Value>>>,
    ) {
        if let Some(operation) = self.waiting.iter_mut().find(|operation| operation.sequence == sequence) {
            operation.action = Action::Set { value, dates, expected };
        }
    }

    /// Whether a get that arrives now is behind a write that will decide it.
    pub fn blocks_new_gets(&self) -> bool {
        self.blocking > 0
    }

    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.reading.is_none() && self.writing.is_none() && !self.unsettled
    }

    pub fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    pub fn ticket(&self, sequence: u64) -> Option<&T::Ticket> {
        self.waiting
            .iter()
            .find(|operation| operation.sequence == sequence)
            .map(|operation| &operation.ticket)
    }

    /// The first get that may be sent.
    pub fn next_read(&self) -> Option<u64> {
        if self.reading.is_some() || self.writing.as_ref().is_some_and(|writing| !writing.only_touches) {
            return None;
        }
        self.waiting
            .iter()
            .take_while(|operation| !operation.blocks_gets())
            .find(|operation| operation.is_get() && !operation.ticket.is_settled())
            .map(|operation| operation.sequence)
    }

    /// The write that may be sent.
    pub fn next_write(&self) -> Option<(u64, WriteKind)> {
        let head = self.waiting.front()?;
        let kind = head.write_kind().filter(|_| !matches!(head.action, Action::Unfilled))?;
        let may = self.writing.is_none() && !self.unsettled && self.may_write_beside_reading(head);
        may.then_some((head.sequence, kind))
    }

    /// Bytes of the largest value that the next write may store: which sets fold is known when it is built.
    pub fn next_write_bytes(&self) -> usize {
        let folding =
            self.waiting.iter().take_while(|waiting| waiting.write_kind() != Some(WriteKind::Delete));
        let bytes = folding.map(|waiting| match &waiting.action {
            Action::Set { value, expected, .. } => {
                let expected = expected.as_deref().and_then(Expected::value);
                value.bytes() + expected.map_or(0, Value::bytes)
            }
            _ => 0,
        });
        bytes.max().unwrap_or(0)
    }

    /// The gets that may be sent now. Of what turns out to be settled, the epochs go to `left`.
    pub fn begin_read(&mut self, key: &T::Key, left: &mut Vec<Epoch>) -> Option<Lookup<T>> {
        let gets = self.take_gets(left);
        self.reading = gets.first().map(|(get, _)| get.sequence);
        (!gets.is_empty()).then(|| Lookup { key: key.clone(), gets })
    }

    pub fn end_read(&mut self) {
        self.reading = None;
    }

    /// `None` if all that was to be written has been settled meanwhile. `serves_gets`: whether a get behind it can be given
    /// what it stores.
    pub fn begin_write(
        &mut self,
        key: &T::Key,
        kind: WriteKind,
        serves_gets: bool,
        left: &mut Vec<Epoch>,
    ) -> Option<(Statement<T>, Vec<Member<T>>)> {
        let (statement, members) = match kind {
            WriteKind::Update => self.fold_update(key, serves_gets, left),
            WriteKind::Delete => self.take_destroy(key, left),
        };
        if members.is_empty() {
            return None;
        }
        self.writing = Some(Writing {
            only_touches: statement.only_touches(),
            dates: statement.dates,
            leaves: leaves(&statement, serves_gets),
        });
        Some((statement, members))
    }

    /// Takes back the gets that must query. Returns the gets behind the write that its end decides: they learn what it
    /// stored, or, where nobody knows whether it was stored, the same error.
    pub fn end_write(
        &mut self,
        end: &StatementEnd<T::Error>,
        must_query: Vec<Operation<T>>,
        left: &mut Vec<Epoch>,
    ) -> Vec<DecidedGet<T>> {
        self.put_back(must_query, left);
        let Some(writing) = self.writing.take() else { return Vec::new() };
        match end {
            StatementEnd::Applied { .. } => self.gets_told(&writing.leaves, left),
            StatementEnd::Unknown(error) if !writing.only_touches => {
                self.take_gets(left).into_iter().map(|(get, _)| (get, Err(error.clone()))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The conditional set in flight has missed. It waits in its place until it is filled again, and its id with it.
    pub fn miss(&mut self, mut operation: Operation<T>, left: &mut Vec<Epoch>) {
        self.writing = None;
        operation.ticket.recall();
        operation.action = Action::Unfilled;
        self.put_back(vec![operation], left);
    }

    pub fn remove(&mut self, sequence: u64) -> Option<Operation<T>> {
        let place = self.waiting.iter().position(|operation| operation.sequence == sequence)?;
        let operation = self.waiting.remove(place)?;
        self.blocking -= usize::from(operation.blocks_gets());
        Some(operation)
    }

    /// The write has been given up; until it is settled, no other may leave.
    pub fn leave_unsettled(&mut self) {
        self.unsettled = true;
    }

    pub fn settle(&mut self) {
        self.unsettled = false;
    }

    /// Forgets what has been settled, and returns it.
    pub fn purge(&mut self) -> Vec<Operation<T>> {
        if !self.waiting.iter().any(|operation| operation.ticket.is_settled()) {
            return Vec::new();
        }
        let (settled, waiting) =
            self.waiting.drain(..).partition(|operation: &Operation<T>| operation.ticket.is_settled());
        self.waiting = waiting;
        self.blocking = self.waiting.iter().filter(|operation| operation.blocks_gets()).count();
        Vec::from(settled)
    }

    pub fn take_all(&mut self) -> impl Iterator<Item = Operation<T>> {
        self.blocking = 0;
        self.waiting.drain(..)
    }

    /// A write waits for the gets before it; a touch that was called before the gets in flight need not.
    fn may_write_beside_reading(&self, operation: &Operation<T>) -> bool {
        match (self.reading, &operation.action) {
            (None, _) => true,
            (Some(first_get), Action::Touch { .. }) => operation.sequence < first_get,
            (Some(_), _) => false,
        }
    }

    fn pop_front(&mut self) -> Option<Operation<T>> {
        let operation = self.waiting.pop_front()?;
        self.blocking -= usize::from(operation.blocks_gets());
        Some(operation)
    }

    /// The gets that nothing but touches precedes, each with the dates of those touches.
    fn take_gets(&mut self, left: &mut Vec<Epoch>) -> Vec<(Operation<T>, Dates)> {
        let mut overlay = self.writing.as_ref().map_or(Dates::default(), |writing| writing.dates);
        let mut gets = Vec::new();
        let mut touches = Vec::new();
        while self.waiting.front().is_some_and(|first| first.ticket.is_settled() || !first.blocks_gets()) {
            let Some(operation) = self.pop_front() else { break };
            match operation.action {
                _ if operation.ticket.is_settled() => left.push(operation.epoch),
                Action::Touch { dates } => {
                    overlay = overlay.overlaid_by(dates);
                    touches.push(operation);
                }
                _ if operation.ticket.send() => gets.push((operation, overlay)),
                _ => left.push(operation.epoch),
            }
        }
        for touch in touches.into_iter().rev() {
            self.waiting.push_front(touch);
        }
        gets
    }

    /// Consecutive sets and touches become their last state; gets between them are decided on the way, up to the first
    /// that must query. A fold ends at a barrier: what was called after it must not happen before it.
    fn fold_update(
        &mut self,
        key: &T::Key,
        serves_gets: bool,
        left: &mut Vec<Epoch>,
    ) -> (Statement<T>, Vec<Member<T>>) {
        let mut statement = Statement {
            key: key.clone(),
            kind: WriteKind::Update,
            value: None,
            dates: Dates::default(),
            expected: None,
        };
        let mut members: Vec<Member<T>> = Vec::new();
        while let Some(operation) = self.waiting.front() {
            let is_live = !operation.ticket.is_settled();
            if is_live && !self.folds(operation, &statement, members.first(), serves_gets) {
                break;
            }
            let Some(operation) = self.pop_front() else { break };
            if !is_live || !operation.ticket.send() {
                left.push(operation.epoch);
                continue;
            }
            let mut row = None;
            match &operation.action {
                Action::Get { latest_expired } => {
                    let value = statement.value.clone();
                    row = value.and_then(|value| Row::written(value, statement.dates, *latest_expired));
                }
                Action::Set { value, dates, expected } => {
                    statement.value = Some(value.clone());
                    statement.dates = statement.dates.overlaid_by(*dates);
                    statement.expected.clone_from(expected);
                }
                Action::Touch { dates } => statement.dates = statement.dates.overlaid_by(*dates),
                Action::Destroy | Action::DestroyIf { .. } | Action::Unfilled => {
                    unreachable!("they end the fold")
                }
            }
            members.push(Member { operation, row });
        }
        (statement, members)
    }

    fn folds(
        &self,
        operation: &Operation<T>,
        statement: &Statement<T>,
        first: Option<&Member<T>>,
        serves_gets: bool,
    ) -> bool {
        let same_epoch = first.is_none_or(|first| first.operation.epoch == operation.epoch);
        // A conditional set that misses is sent again with another value: it can speak for nobody else.
        same_epoch
            && statement.expected.is_none()
            && match operation.action {
                Action::Get { .. } => serves_gets && statement.value.as_ref().is_some_and(Value::serves_gets),
                Action::Destroy | Action::DestroyIf { .. } | Action::Unfilled => false,
                Action::Set { expected: Some(_), .. } if first.is_some() => false,
                Action::Set { .. } | Action::Touch { .. } => self.may_write_beside_reading(operation),
            }
    }

    fn take_destroy(&mut self, key: &T::Key, left: &mut Vec<Epoch>) -> (Statement<T>, Vec<Member<T>>) {
        let mut members: Vec<Member<T>> = Vec::new();
        let mut expected = None;
        while let Some(operation) = self.waiting.front() {
            let is_live = !operation.ticket.is_settled();
            let joins = match operation.action {
                Action::Destroy | Action::DestroyIf { .. } => members.is_empty(),
                // Behind a conditional destroy there may be a row.
                Action::Get { .. } => !members.is_empty() && expected.is_none(),
                Action::Set { .. } | Action::Unfilled | Action::Touch { .. } => false,
            };
            if is_live && !joins {
                break;
            }
            let Some(operation) = self.pop_front() else { break };
            if is_live && operation.ticket.send() {
                if let Action::DestroyIf { expected: condition } = &operation.action {
                    expected = Some(condition.clone());
                }
                members.push(Member { operation, row: None });
            } else {
                left.push(operation.epoch);
            }
        }
        let statement = Statement {
            key: key.clone(),
            kind: WriteKind::Delete,
            value: None,
            dates: Dates::default(),
            expected,
        };
        (statement, members)
    }

    fn put_back(&mut self, operations: Vec<Operation<T>>, left: &mut Vec<Epoch>) {
        for operation in operations {
            if operation.ticket.is_settled() {
                left.push(operation.epoch);
                continue;
            }
            let place = self.waiting.partition_point(|waiting| waiting.sequence < operation.sequence);
            self.blocking += usize::from(operation.blocks_gets());
            self.waiting.insert(place, operation);
        }
    }

    /// The gets that a query after the acknowledged write would only repeat.
    fn gets_told(&mut self, leaves: &Leaves<T>, left: &mut Vec<Epoch>) -> Vec<DecidedGet<T>> {
        if matches!(leaves, Leaves::Unsaid) {
            return Vec::new();
        }
        self.take_gets(left)
            .into_iter()
            .map(|(get, overlay)| {
                let row = match (leaves, &get.action) {
                    (Leaves::Row(row), Action::Get { latest_expired }) => {
                        Row::written(row.value.clone(), row.dates.overlaid_by(overlay), *latest_expired)
                    }
                    _ => None,
                };
                (get, Ok(row))
            })
            .collect()
    }
}

fn leaves<T: Transport>(statement: &Statement<T>, serves_gets: bool) -> Leaves<T> {
    match (statement.kind, &statement.value) {
        (WriteKind::Delete, _) if statement.expected.is_some() => Leaves::Unsaid,
        (WriteKind::Delete, _) => Leaves::Nothing,
        (WriteKind::Update, Some(value)) if serves_gets && value.serves_gets() => {
            Leaves::Row(Row { value: value.clone(), dates: statement.dates })
        }
        (WriteKind::Update, _) => Leaves::Unsaid,
    }
}
