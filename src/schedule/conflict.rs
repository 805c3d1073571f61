//! What a conditional set has found instead of what it expected.

use super::operation::Transport;
use crate::session::StoredRow;

/// A set that waits to be filled again.
#[derive(Debug)]
pub struct Missed<T: Transport> {
    pub sequence: u64,
    pub key: T::Key,
    pub ticket: T::Ticket,
    pub resent: bool,
}

/// What a conditional set has found instead of what it expected.
#[derive(Debug)]
pub struct Conflict<T: Transport> {
    pub sequence: u64,
    pub ticket: T::Ticket,
    /// Its command went out more than once: the row may be its own.
    pub resent: bool,
    /// As it is stored, expired or not.
    pub row: Option<StoredRow<T::Value>>,
}
