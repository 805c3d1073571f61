//! An operation as the scheduler sees it, and what a transport has to say of its own.

use std::{fmt::Debug, hash::Hash, time::Instant};

use crate::session::{Dates, Expected};

/// The types of one transport's operations: the core's own connections, a borrowed connection, a test's server.
pub trait Transport: Sized + Clone + Debug + 'static {
    /// Tells ids apart.
    type Key: Clone + Eq + Hash + Debug;
    type Value: Value;
    type Ticket: Ticket;
    type Error: Clone + Debug;

    /// What an id takes in a command.
    fn key_bytes(key: &Self::Key) -> usize;
}

/// What a set stores.
pub trait Value: Clone + Debug {
    fn bytes(&self) -> usize;

    /// Whether a get behind the set can be given it. Documents of a borrowed connection cannot serve: a query would
    /// return them changed by the driver's BSON.
    fn serves_gets(&self) -> bool;
}

/// An operation's claim to one outcome. It is shared with whoever else may end the operation, such as its deadline.
pub trait Ticket: Clone + Debug {
    fn admitted(&self) -> Instant;

    fn deadline(&self) -> Instant;

    fn is_settled(&self) -> bool;

    /// Whether both are claims to the same outcome.
    fn is(&self, other: &Self) -> bool;

    /// Takes the operation into a command. False if it has been settled: then it must not be sent.
    fn send(&self) -> bool;

    /// The command has provably left no trace of the operation, which waits again.
    fn recall(&self);
}

/// One operation on one id, until its outcome.
#[derive(Debug)]
pub struct Operation<T: Transport> {
    /// Its place in the order in which the store's operations were called.
    pub sequence: u64,
    pub ticket: T::Ticket,
    pub action: Action<T>,
    /// Which barriers wait for it.
    pub(super) epoch: Epoch,
}

/// A stretch of the order between two barriers.
pub type Epoch = u64;

#[derive(Debug)]
pub enum Action<T: Transport> {
    Get {
        /// The latest `expires` that it no longer finds.
        latest_expired: i64,
    },
    Set {
        value: T::Value,
        dates: Dates,
        /// `None`: it overwrites whatever is there.
        expected: Option<Box<Expected<T::Value>>>,
    },
    /// A set whose value is not there yet, or no longer holds. Nothing behind it is sent before it.
    Unfilled,
    Touch {
        dates: Dates,
    },
    Destroy,
    /// Destroys the row only if it is as expected.
    DestroyIf {
        expected: Box<Expected<T::Value>>,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WriteKind {
    Update,
    Delete,
}

impl<T: Transport> Operation<T> {
    /// The command that carries it out; `None` for a get.
    pub fn write_kind(&self) -> Option<WriteKind> {
        match self.action {
            Action::Get { .. } => None,
            Action::Set { .. } | Action::Unfilled | Action::Touch { .. } => Some(WriteKind::Update),
            Action::Destroy | Action::DestroyIf { .. } => Some(WriteKind::Delete),
        }
    }

    pub fn is_get(&self) -> bool {
        matches!(self.action, Action::Get { .. })
    }

    /// Whether no get can pass it.
    pub fn blocks_gets(&self) -> bool {
        !matches!(self.action, Action::Get { .. } | Action::Touch { .. })
    }
}

/// What came of an operation.
#[derive(Clone, Debug)]
pub enum Outcome<V> {
    Row(Option<crate::session::Row<V>>),
    Created,
    Updated,
    Matched(bool),
    Removed(bool),
    /// How many rows were removed.
    Count(u64),
}

/// An operation's ticket, with its outcome.
pub type Settled<T> =
    (<T as Transport>::Ticket, Result<Outcome<<T as Transport>::Value>, <T as Transport>::Error>);
