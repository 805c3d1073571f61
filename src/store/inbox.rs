//! What the JavaScript thread leaves for the I/O thread.

use std::collections::HashMap;

use super::{ticket::Ticket, watchlist::Watchlist};
use crate::session::{Dates, Expected, Request, Value};

/// What a set stores that took its sequence number earlier.
pub struct Filling {
    pub sequence: u64,
    pub value: Value,
    pub dates: Dates,
    /// Of a conditional set.
    pub expected: Option<Box<Expected>>,
}

#[derive(Default)]
pub struct Inbox {
    pub requests: Vec<(u64, Request, Ticket)>,
    pub fillings: Vec<Filling>,
    pub withdrawn: Vec<u64>,
    pub unfilled: HashMap<u64, Ticket>,
    /// The engine has room for another command and wants to be woken by the next read, the next write.
    pub wants_reads: bool,
    pub wants_writes: bool,
    pub closing: bool,
    /// Nobody fills sets any more.
    pub abandoned: bool,
    /// Waiting for the close.
    pub closers: Vec<Ticket>,
    /// The engine has ended.
    pub closed: bool,
    pub next_sequence: u64,
    pub watchlist: Watchlist,
}

impl Inbox {
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.fillings.is_empty() && self.withdrawn.is_empty()
    }
}
