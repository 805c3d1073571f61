//! How a session lies in its document: field names, liveness, indexes. One subject for each peer whose rows this
//! package reads and writes.

mod connect_mongo;
mod session_mongoose;

use std::sync::Arc;

use bson::{Document, RawDocument, RawDocumentBuf};

use crate::{
    config::{AutoRemove, LayoutConfig},
    failure,
    id::Id,
    wire::{self, Writer, tag},
};

pub use connect_mongo::ConnectMongo;
pub use session_mongoose::SessionMongoose;

/// What the shim stores for a session: a JSON string, or any other BSON value, opaque to the core.
#[derive(Clone, Debug)]
pub struct Value {
    pub tag: u8,
    /// For a string its bare UTF-8, otherwise the value as BSON has it.
    pub bytes: Arc<[u8]>,
}

impl Value {
    /// From an element of a row.
    fn from_element(tag: u8, bytes: &[u8]) -> Self {
        let bytes = if tag == tag::STRING { wire::text(bytes) } else { bytes };
        Self { tag, bytes: bytes.into() }
    }
}

/// The dates of a row, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dates {
    pub expires: Option<i64>,
    pub last_modified: Option<i64>,
}

impl Dates {
    /// Fields of a later write over those of an earlier one: `$set` touches only what it names.
    pub fn overlaid_by(self, later: Dates) -> Dates {
        Dates {
            expires: later.expires.or(self.expires),
            last_modified: later.last_modified.or(self.last_modified),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Row {
    pub value: Value,
    pub dates: Dates,
}

/// `expires` of a session that never expires. In session-mongoose's rows that is null or nothing.
pub const NEVER: i64 = i64::MAX;

/// The expiration of a row, as far as liveness asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expiry {
    /// The row lives for ever, as far as its fields say.
    Absent,
    /// Milliseconds since the epoch.
    At(i64),
    /// Something that is no date: not found, as the peers' queries decide.
    NotADate,
}

impl Expiry {
    /// `latest_expired`: the latest `expires` that is no longer found.
    pub fn is_live(self, latest_expired: i64) -> bool {
        match self {
            Self::Absent => true,
            Self::At(millis) => millis > latest_expired,
            Self::NotADate => false,
        }
    }
}

/// A row as it came from the server.
#[derive(Debug)]
pub struct StoredRow {
    pub id: Id,
    pub value: Value,
    pub expiry: Expiry,
    pub last_modified: Option<i64>,
}

impl StoredRow {
    /// The row as it is after touches that were called before the read, and `None` when it has expired by then.
    pub fn live_row(&self, overlay: Dates, latest_expired: i64) -> Option<Row> {
        let expiry = overlay.expires.map_or(self.expiry, Expiry::At);
        expiry.is_live(latest_expired).then(|| Row {
            value: self.value.clone(),
            dates: Dates {
                expires: if let Expiry::At(millis) = expiry { Some(millis) } else { None },
                last_modified: overlay.last_modified.or(self.last_modified),
            },
        })
    }
}

/// The layout of a store's rows.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    ConnectMongo(ConnectMongo),
    SessionMongoose(SessionMongoose),
}

pub const ID: &str = "_id";
pub const EXPIRES: &str = "expires";

/// An index that a layout wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The name that MongoDB gives it, and under which the peers left it in place.
    pub name: &'static str,
    pub keys: &'static [&'static str],
    pub unique: bool,
    /// Seconds after which MongoDB removes a row by itself.
    pub expire_after: Option<i64>,
}

impl Layout {
    pub fn new(config: &LayoutConfig) -> Self {
        match *config {
            LayoutConfig::ConnectMongo { timestamps } => Self::ConnectMongo(ConnectMongo { timestamps }),
            LayoutConfig::SessionMongoose { ttl_seconds } => {
                Self::SessionMongoose(SessionMongoose { ttl_seconds })
            }
        }
    }

    /// The field with the session's id.
    pub fn id_field(&self) -> &'static str {
        match self {
            Self::ConnectMongo(_) => ID,
            Self::SessionMongoose(_) => session_mongoose::SID,
        }
    }

    /// Writes the update document of a statement. `now_millis`: the server's time.
    pub fn write_update(&self, writer: &mut Writer, value: Option<&Value>, dates: Dates, now_millis: i64) {
        let update = writer.document("u");
        match self {
            Self::ConnectMongo(layout) => layout.write_operators(writer, value, dates, now_millis),
            Self::SessionMongoose(layout) => layout.write_operators(writer, value, dates, now_millis),
        }
        writer.end(update);
    }

    /// `None`: not a row of this layout.
    pub fn read_row(&self, document: &RawDocument) -> Option<StoredRow> {
        match self {
            Self::ConnectMongo(_) => connect_mongo::read_row(document),
            Self::SessionMongoose(layout) => layout.read_row(document),
        }
    }

    /// The latest `expires` that a get at `now_millis` no longer finds: session-mongoose finds `$gte`, connect-mongo `$gt`.
    pub fn latest_expired(&self, now_millis: i64) -> i64 {
        match self {
            Self::ConnectMongo(_) => now_millis,
            Self::SessionMongoose(_) => now_millis.saturating_sub(1),
        }
    }

    /// What tells id and liveness.
    pub fn projection(&self) -> RawDocumentBuf {
        match self {
            Self::ConnectMongo(_) => connect_mongo::projection(),
            Self::SessionMongoose(_) => session_mongoose::projection(),
        }
    }

    /// The rows to remove at the server's time `now`.
    pub fn expired(&self, now: bson::DateTime) -> RawDocumentBuf {
        match self {
            Self::ConnectMongo(_) => connect_mongo::expired(now),
            Self::SessionMongoose(layout) => layout.expired(now),
        }
    }

    /// Whether several destroys may share a command. Its reply has only the sum of what was removed, and
    /// session-mongoose tells each caller how many rows that were.
    pub fn groups_destroys(&self) -> bool {
        matches!(self, Self::ConnectMongo(_))
    }

    pub fn indexes(&self, auto_remove: AutoRemove) -> Vec<Index> {
        match self {
            Self::ConnectMongo(_) if auto_remove == AutoRemove::Native => vec![connect_mongo::INDEX],
            Self::ConnectMongo(_) => Vec::new(),
            Self::SessionMongoose(layout) => layout.indexes(),
        }
    }

    /// Whether there may be expired rows that the TTL index does not know.
    pub fn sweeps_at_start(&self) -> bool {
        matches!(self, Self::SessionMongoose(SessionMongoose { ttl_seconds: Some(_) }))
    }

    /// What to do if the collection's indexes are those of the other layout.
    pub fn foreign(&self, existing: &[Document]) -> Option<&'static str> {
        match self {
            Self::ConnectMongo(_) => {
                existing.iter().any(session_mongoose::marks).then_some(connect_mongo::FOREIGN)
            }
            Self::SessionMongoose(_) => {
                existing.iter().any(connect_mongo::marks).then_some(session_mongoose::FOREIGN)
            }
        }
    }

    /// What is wrong with an index that exists with other options, and what to do.
    pub fn conflict(&self, index: &Index, collection: &str) -> String {
        match self {
            Self::ConnectMongo(_) => connect_mongo::conflict(collection),
            Self::SessionMongoose(_) => session_mongoose::conflict(index, collection),
        }
    }

    /// What is wrong when an index cannot be created, and what to do.
    pub fn no_index(&self, index: &Index, reason: &str) -> String {
        match self {
            Self::ConnectMongo(_) => connect_mongo::no_index(reason),
            Self::SessionMongoose(_) => session_mongoose::no_index(index, reason),
        }
    }
}

fn date(tag: u8, bytes: &[u8]) -> Option<i64> {
    (tag == tag::DATE).then(|| bytes.try_into().map(i64::from_le_bytes).ok()).flatten()
}

/// Whether an index that exists is on these fields. The legacy shell wrote its `1` as a double.
pub fn is_on(existing: &Document, fields: &[&str]) -> bool {
    existing.get_document("key").is_ok_and(|key| {
        key.keys().eq(fields) && key.values().all(|direction| failure::integer(direction) == Some(1))
    })
}
