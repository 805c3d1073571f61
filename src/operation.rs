//! One operation of a store, from its admission to its one outcome.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use crate::{
    error::Result,
    id::Id,
    layout::{Dates, Row, Value},
};

/// What a caller asks for.
#[derive(Debug)]
pub enum Request {
    /// `now`: the caller's clock, in milliseconds since the epoch; apps fake theirs in tests.
    Get {
        id: Id,
        now: i64,
    },
    Set {
        id: Id,
        value: Value,
        dates: Dates,
    },
    /// A set whose payload is still being prepared: it takes its place now.
    Reserve {
        id: Id,
        /// Expected size of the value.
        bytes: usize,
    },
    Touch {
        id: Id,
        dates: Dates,
    },
    Destroy {
        id: Id,
    },
    Count,
    Clear,
    Scan(Scan),
    Ping,
    Sweep,
}

/// One page of live rows in the order of their `_id`s.
#[derive(Debug)]
pub struct Scan {
    /// The `_id` of the last row of the page before; the first page waits for all earlier operations.
    pub after: Option<Id>,
    pub limit: u32,
    pub now: i64,
    pub ids_only: bool,
}

#[derive(Debug)]
pub enum Outcome {
    Row(Option<Row>),
    Created,
    Updated,
    Matched(bool),
    Removed(bool),
    Count(u64),
    Page {
        rows: Vec<(Id, Row)>,
        ids_only: bool,
        next: Option<Id>,
    },
    Done,
    /// The store's last outcome.
    Closed,
}

/// Where outcomes and events go. The bridge to JavaScript is one, a test's channel another.
pub trait Sink: Send + Sync {
    fn settle(&self, ticket: &Ticket, outcome: Result<Outcome>);
    fn event(&self, event: Event);
}

/// What no caller waits for.
#[derive(Debug)]
pub enum Event {
    Connected,
    Disconnected,
    Error(crate::error::Error, &'static str),
    Warning { code: &'static str, message: String },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Get,
    Set,
    Touch,
    Destroy,
    Count,
    Clear,
    Scan,
    Ping,
    Sweep,
    Close,
}

impl Kind {
    pub const ALL: [(Kind, &str); 10] = [
        (Kind::Get, "get"),
        (Kind::Set, "set"),
        (Kind::Touch, "touch"),
        (Kind::Destroy, "destroy"),
        (Kind::Count, "count"),
        (Kind::Clear, "clear"),
        (Kind::Scan, "scan"),
        (Kind::Ping, "ping"),
        (Kind::Sweep, "sweep"),
        (Kind::Close, "close"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Whether it needs the primary, whatever the read preference.
    pub fn writes(self) -> bool {
        matches!(self, Kind::Set | Kind::Touch | Kind::Destroy | Kind::Clear | Kind::Sweep)
    }
}

impl Request {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Get { .. } => Kind::Get,
            Self::Set { .. } | Self::Reserve { .. } => Kind::Set,
            Self::Touch { .. } => Kind::Touch,
            Self::Destroy { .. } => Kind::Destroy,
            Self::Count => Kind::Count,
            Self::Clear => Kind::Clear,
            Self::Scan(_) => Kind::Scan,
            Self::Ping => Kind::Ping,
            Self::Sweep => Kind::Sweep,
        }
    }

    /// What it counts against the bound on queued bytes.
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Set { id, value, .. } => id.bytes().len() + value.bytes.len(),
            Self::Reserve { id, bytes } => id.bytes().len() + bytes,
            Self::Get { id, .. } | Self::Touch { id, .. } | Self::Destroy { id } => id.bytes().len(),
            _ => 0,
        }
    }
}

const SENT: u8 = 1;
const SETTLED: u8 = 2;

/// Identifies an operation to its caller, and sees to it that it has one outcome only: deadlines, replies and shutdown
/// race for it.
#[derive(Debug)]
pub struct Ticket {
    /// The sink's own name for the operation.
    pub token: usize,
    pub kind: Kind,
    pub admitted: Instant,
    pub deadline: Instant,
    pub payload_bytes: usize,
    state: AtomicU8,
}

impl Ticket {
    pub fn new(
        token: usize,
        kind: Kind,
        admitted: Instant,
        deadline: Instant,
        payload_bytes: usize,
    ) -> Arc<Self> {
        Arc::new(Self { token, kind, admitted, deadline, payload_bytes, state: AtomicU8::new(0) })
    }

    pub fn is_settled(&self) -> bool {
        self.state.load(Ordering::Acquire) & SETTLED != 0
    }

    /// Takes it into a command. False if it has been settled: then it must not be sent.
    pub fn send(&self) -> bool {
        self.state.fetch_or(SENT, Ordering::AcqRel) & SETTLED == 0
    }

    /// True if it is settled by this call, and will never be sent.
    pub fn claim_unsent(&self) -> bool {
        self.state.compare_exchange(0, SETTLED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// True for the one caller that may settle it.
    pub fn claim(&self) -> bool {
        self.state.fetch_or(SETTLED, Ordering::AcqRel) & SETTLED == 0
    }
}
