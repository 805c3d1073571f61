//! Operations on a borrowed connection. Their ids, values and promises stay in JavaScript: a slot number stands for an
//! operation, a key for its id.

use std::{
    cell::{Cell, RefCell},
    ops::Deref,
    rc::Rc,
    time::Instant,
};

use crate::{
    schedule::{self, Share, Transport},
    session::Kind,
};

/// What a borrowed connection's operations are made of.
#[derive(Clone, Debug)]
pub struct Borrowed;

/// An id, numbered by JavaScript.
pub type Key = u32;
/// An operation, numbered by JavaScript.
pub type Slot = u32;

impl Transport for Borrowed {
    type Key = Key;
    type Value = Handle;
    type Ticket = Ticket;
    type Error = Failure;

    /// Its text stays in JavaScript; most are express-session's.
    fn key_bytes(_key: &Key) -> usize {
        64
    }
}

/// A value that stays in JavaScript.
#[derive(Clone, Debug)]
pub enum Handle {
    /// What a set stores, or the filter of a conditional destroy. JavaScript keeps it until the slot is released.
    OfSet { set: Ticket, bytes: usize, serves_gets: bool },
    /// A row that a find has returned, by its number.
    Row { row: u32, bytes: usize },
}

impl schedule::Value for Handle {
    fn bytes(&self) -> usize {
        match self {
            Self::OfSet { bytes, .. } | Self::Row { bytes, .. } => *bytes,
        }
    }

    fn serves_gets(&self) -> bool {
        match self {
            Self::OfSet { serves_gets, .. } => *serves_gets,
            Self::Row { .. } => true,
        }
    }
}

/// Why an operation failed.
#[derive(Clone, Debug)]
pub enum Failure {
    /// An error of JavaScript's.
    Kept(Rc<KeptError>),
    /// Of a get: a write behind which it waited has timed out, and nobody knows what it would find.
    BehindTimeout,
}

/// An error that JavaScript keeps under this number until nothing here names it any more: the error of one statement
/// waits until it is known how the others of its command have ended.
#[derive(Debug)]
pub struct KeptError {
    pub number: u32,
    released: Released,
}

impl Failure {
    pub fn kept(number: u32, released: &Released) -> Self {
        Self::Kept(Rc::new(KeptError { number, released: Rc::clone(released) }))
    }
}

impl Drop for KeptError {
    fn drop(&mut self) {
        self.released.borrow_mut().push(self.number);
    }
}

/// An operation's claim to one outcome. When nothing holds it any more, JavaScript may forget its slot.
#[derive(Clone, Debug)]
pub struct Ticket(Rc<TicketState>);

#[derive(Debug)]
pub struct TicketState {
    pub slot: Slot,
    pub kind: Kind,
    /// `None` for a call on the whole collection.
    pub key: Option<Key>,
    pub admitted: Instant,
    pub deadline: Instant,
    pub share: RefCell<Option<Share>>,
    sent: Cell<bool>,
    settled: Cell<bool>,
    released: Released,
}

/// The slots, or the numbers of errors, of which nothing is left.
pub type Released = Rc<RefCell<Vec<u32>>>;

impl Ticket {
    pub fn new(
        slot: Slot,
        kind: Kind,
        key: Option<Key>,
        admitted: Instant,
        deadline: Instant,
        released: Released,
    ) -> Self {
        Self(Rc::new(TicketState {
            slot,
            kind,
            key,
            admitted,
            deadline,
            share: RefCell::default(),
            sent: Cell::new(false),
            settled: Cell::new(false),
            released,
        }))
    }

    pub fn downgrade(&self) -> std::rc::Weak<TicketState> {
        Rc::downgrade(&self.0)
    }
}

impl Deref for Ticket {
    type Target = TicketState;

    fn deref(&self) -> &TicketState {
        &self.0
    }
}

impl TicketState {
    /// True for the one that may settle it.
    pub fn claim(&self) -> bool {
        !self.settled.replace(true)
    }

    pub fn is_settled(&self) -> bool {
        self.settled.get()
    }

    pub fn is_sent(&self) -> bool {
        self.sent.get()
    }

    pub fn send(&self) -> bool {
        self.sent.set(!self.settled.get());
        self.sent.get()
    }
}

impl Drop for TicketState {
    fn drop(&mut self) {
        self.released.borrow_mut().push(self.slot);
    }
}

impl schedule::Ticket for Ticket {
    fn admitted(&self) -> Instant {
        self.admitted
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_settled(&self) -> bool {
        self.0.is_settled()
    }

    fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    fn send(&self) -> bool {
        self.0.send()
    }

    fn recall(&self) {
        self.0.sent.set(false);
    }
}
