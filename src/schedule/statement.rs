//! Lookups and statements: what operations become in a command, and what each operation learns of a statement's result.

use super::operation::{Action, Operation, Outcome, Settled, Transport, Value, WriteKind};
use crate::session::{Dates, Expected, Row};

/// One id of a find, with all gets that wait for it. Each get has the dates of the touches that were called before it.
#[derive(Debug)]
pub struct Lookup<T: Transport> {
    pub key: T::Key,
    pub gets: Vec<(Operation<T>, Dates)>,
}

/// One statement of an update or delete, as it is sent.
#[derive(Clone, Debug)]
pub struct Statement<T: Transport> {
    pub key: T::Key,
    pub kind: WriteKind,
    /// What is stored: `None` for touches alone, and for a destroy.
    pub value: Option<T::Value>,
    pub dates: Dates,
    /// Of a conditional write, which has a statement of its own.
    pub expected: Option<Box<Expected<T::Value>>>,
}

/// An operation that a statement carries out, or a get that it decides.
#[derive(Debug)]
pub struct Member<T: Transport> {
    pub operation: Operation<T>,
    /// For a get: the row as the operations before it leave it.
    pub row: Option<Row<T::Value>>,
}

/// How a statement ended.
#[derive(Clone, Debug)]
pub enum StatementEnd<E> {
    Applied {
        /// It made the row.
        upserted: bool,
        /// Of touches alone and of a destroy: whether there was a row.
        matched: bool,
    },
    /// Not applied: the row is not the one that a conditional set expects.
    Missed {
        /// Its command went out more than once: what is there may be its own.
        resent: bool,
    },
    /// Provably not applied.
    NotApplied(E),
    /// Applied, perhaps or certainly, and nevertheless an error.
    Unknown(E),
}

impl<T: Transport> Statement<T> {
    pub fn upserts(&self) -> bool {
        self.value.is_some()
    }

    /// Touches alone: they say nothing of the session, and no get waits for them.
    pub fn only_touches(&self) -> bool {
        self.kind == WriteKind::Update && self.value.is_none()
    }

    pub fn inserts_only(&self) -> bool {
        matches!(self.expected.as_deref(), Some(Expected::NoRow))
    }

    pub fn value_bytes(&self) -> usize {
        let expected = self.expected.as_deref().and_then(Expected::value);
        self.value.iter().chain(expected).map(Value::bytes).sum()
    }
}

/// Adds each member's outcome to `settled`. Returns the gets that must query after all: those of a statement that was
/// not applied.
pub fn settle_members<T: Transport>(
    statement: &Statement<T>,
    members: Vec<Member<T>>,
    end: &StatementEnd<T::Error>,
    settled: &mut Vec<Settled<T>>,
) -> Vec<Operation<T>> {
    let (upserted, matched) = match end {
        StatementEnd::Applied { upserted, matched } => (*upserted, *matched),
        StatementEnd::Missed { .. } => unreachable!("a conditional set that missed has no outcome yet"),
        StatementEnd::NotApplied(error) => {
            let (gets, writes): (Vec<_>, Vec<_>) =
                members.into_iter().map(|member| member.operation).partition(Operation::is_get);
            settled.extend(writes.into_iter().map(|write| (write.ticket, Err(error.clone()))));
            return gets;
        }
        StatementEnd::Unknown(error) => {
            settled.extend(members.into_iter().map(|member| (member.operation.ticket, Err(error.clone()))));
            return Vec::new();
        }
    };
    let mut exists = statement.upserts() && !upserted;
    for Member { operation, row } in members {
        let outcome = match operation.action {
            Action::Get { .. } => Outcome::Row(row),
            Action::Set { .. } | Action::Unfilled => {
                if std::mem::replace(&mut exists, true) {
                    Outcome::Updated
                } else {
                    Outcome::Created
                }
            }
            Action::Touch { .. } => Outcome::Matched(if statement.upserts() { exists } else { matched }),
            Action::Destroy | Action::DestroyIf { .. } => Outcome::Removed(matched),
        };
        settled.push((operation.ticket, Ok(outcome)));
    }
    Vec::new()
}
