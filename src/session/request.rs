//! What a caller asks for, and what comes of it.

use super::{dates::Dates, expected::Expected, id::Id, row::Row, value::Value};

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
        /// Of a conditional set.
        expected: Option<Box<Expected>>,
    },
    /// A set whose payload is not there yet: it takes its sequence number now.
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
    /// Removes a row that holds this value still. It needs no place in the order: it cannot hit another value.
    Discard {
        id: Id,
        value: Value,
    },
    Count,
    Clear,
    Scan(Scan),
    Ping,
    Sweep,
    /// Which rows have expired, at most this many.
    Expired {
        limit: u32,
    },
    /// Removes one row if it has expired, and returns it.
    Claim {
        /// Its `_id`, which in session-mongoose's rows is not the session's.
        row: Id,
    },
    Where {
        filter: Filter,
        wanted: Wanted,
        now: i64,
    },
    /// `except`: an id that stays.
    DestroyWhere {
        filter: Filter,
        except: Option<Id>,
    },
    /// Stores the fields of this value, in a row that holds the value still.
    WriteFields {
        id: Id,
        value: Value,
    },
}

/// Fields and their values, as a BSON document.
pub type Filter = Value;

/// What is wanted of the rows that a filter finds, as far as they have not expired.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    Count,
    Ids,
    Rows,
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
    /// The row that a claim has removed, and the id of its session.
    Claimed(Option<Box<(Id, Row)>>),
    Done,
    /// The store's last outcome.
    Closed,
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
    Where,
    DestroyWhere,
    Backfill,
    Claim,
    Close,
}

impl Kind {
    pub const ALL: [(Kind, &str); 14] = [
        (Kind::Get, "get"),
        (Kind::Set, "set"),
        (Kind::Touch, "touch"),
        (Kind::Destroy, "destroy"),
        (Kind::Count, "count"),
        (Kind::Clear, "clear"),
        (Kind::Scan, "scan"),
        (Kind::Ping, "ping"),
        (Kind::Sweep, "sweep"),
        (Kind::Where, "where"),
        (Kind::DestroyWhere, "destroyWhere"),
        (Kind::Backfill, "backfill"),
        (Kind::Claim, "claim"),
        (Kind::Close, "close"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Whether it needs the primary, whatever the read preference.
    pub fn writes(self) -> bool {
        !matches!(self, Kind::Get | Kind::Count | Kind::Scan | Kind::Ping | Kind::Where | Kind::Close)
    }
}

impl Request {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Get { .. } => Kind::Get,
            Self::Set { .. } | Self::Reserve { .. } => Kind::Set,
            Self::Touch { .. } => Kind::Touch,
            Self::Destroy { .. } | Self::Discard { .. } => Kind::Destroy,
            Self::Count => Kind::Count,
            Self::Clear => Kind::Clear,
            Self::Scan(_) | Self::Expired { .. } => Kind::Scan,
            Self::Ping => Kind::Ping,
            Self::Sweep => Kind::Sweep,
            Self::Where { .. } => Kind::Where,
            Self::DestroyWhere { .. } => Kind::DestroyWhere,
            Self::WriteFields { .. } => Kind::Backfill,
            Self::Claim { .. } => Kind::Claim,
        }
    }

    /// What it counts against the bound on queued bytes.
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Set { id, value, expected, .. } => {
                id.bytes().len() + value.size() + expected.as_deref().map_or(0, Expected::value_bytes)
            }
            Self::Reserve { id, bytes } => id.bytes().len() + bytes,
            Self::Get { id, .. } | Self::Touch { id, .. } | Self::Destroy { id } => id.bytes().len(),
            _ => 0,
        }
    }
}

impl Outcome {
    /// What it holds in memory until JavaScript has taken it.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Row(Some(row)) => row.value.bytes.len(),
            Self::Claimed(Some(claimed)) => claimed.1.value.bytes.len(),
            Self::Page { rows, .. } => rows.iter().map(|(_, row)| row.value.bytes.len()).sum(),
            _ => 0,
        }
    }
}
