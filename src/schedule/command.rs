//! What the scheduler has a transport send, and what it wants to know of the reply.

use std::time::Instant;

use super::{
    barrier::BarrierKind,
    fence::Session,
    operation::{Transport, WriteKind},
    statement::Statement,
};

pub type CommandId = u64;

/// One command for the transport to send. It ends with a call of the scheduler that names its id.
#[derive(Debug)]
pub struct Command<T: Transport> {
    pub id: CommandId,
    pub body: Body<T>,
    /// When the last of its operations gives up.
    pub deadline: Instant,
    /// How many operations it carries.
    pub operations: usize,
}

#[derive(Debug)]
pub enum Body<T: Transport> {
    /// Rows by id.
    Find {
        keys: Vec<T::Key>,
    },
    /// Which ids have a row, on the primary: a reply has only told how many.
    FindExisting {
        keys: Vec<T::Key>,
    },
    /// The rows of ids whose conditional sets have missed, on the primary.
    FindCurrent {
        keys: Vec<T::Key>,
    },
    Write(Write<T>),
    /// A write that matches nothing, on the session of one that was never answered.
    Fence {
        session: Session,
    },
    Barrier {
        sequence: u64,
        kind: BarrierKind,
        ticket: T::Ticket,
    },
}

#[derive(Debug)]
pub struct Write<T: Transport> {
    pub kind: WriteKind,
    pub statements: Vec<Statement<T>>,
    /// Where transaction numbers are used.
    pub session: Option<Session>,
    /// Part of a command that was split.
    pub part: Option<Part>,
}

/// What keeps the parts of a split command the same write to the server.
#[derive(Clone, Debug)]
pub struct Part {
    pub txn_number: i64,
    /// The statements' numbers in the command that was split.
    pub statement_ids: Vec<i32>,
}

/// How a find ended, beside the rows that it returned.
#[derive(Debug)]
pub enum FindEnd<E> {
    /// Completely: an id without a row has none.
    Complete,
    /// With rows missing that may be there: the cursor broke, or (without an error) a row matched no id that was asked
    /// for. The ids without a result are to be queried again one by one.
    Incomplete(Option<E>),
    /// Refused before it was carried out: by halves, the culprit is found.
    Rejected(E),
    Failed(E),
}

/// How a write ended.
#[derive(Debug)]
pub enum WriteEnd<E> {
    Reply(WriteReply<E>),
    /// Refused before any of it was carried out. `txn_number`: what the parts are to be sent with again.
    Rejected {
        error: E,
        txn_number: Option<i64>,
    },
    Failed {
        error: E,
        fate: Fate,
    },
}

/// What became of a write that failed as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It was not applied.
    NotApplied,
    /// It was answered, and may have been applied in part.
    Unknown,
    /// It was never answered, and may still be on its way.
    Unanswered,
}

/// What a server says of a write that it has carried out.
#[derive(Debug)]
pub struct WriteReply<E> {
    /// Rows that were matched, upserted or removed, in all. `None`: unacknowledged writes have no counts.
    pub n: Option<u64>,
    /// Indexes of statements.
    pub upserted: Vec<usize>,
    pub errors: Vec<(usize, E)>,
    /// Indexes of conditional sets that found another row than they expect, as far as the server has said so.
    pub missed: Vec<usize>,
    /// Everything else was applied, but as many members as asked for have not confirmed it.
    pub write_concern_error: Option<E>,
}

/// Of which nothing is known yet.
impl<E> Default for WriteReply<E> {
    fn default() -> Self {
        Self {
            n: None,
            upserted: Vec::new(),
            errors: Vec::new(),
            missed: Vec::new(),
            write_concern_error: None,
        }
    }
}
