//! How a session lies in its document: field names, liveness, indexes. One subject for each peer whose rows this
//! package reads and writes.

mod beside;
mod connect_mongo;
mod fields;
mod index;
mod lifetime;
mod session_mongoose;

use bson::{Document, RawDocument, RawDocumentBuf};
use serde::Deserialize;

use super::bson::Writer;
use crate::session::{Dates, Expected, Id, StoredRow, Value};

pub use beside::{write_filter, write_update};
pub use connect_mongo::ConnectMongo;
pub use fields::ID;
pub use index::Index;
pub use session_mongoose::SessionMongoose;

/// The layout of a store's rows.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Layout {
    ConnectMongo(ConnectMongo),
    SessionMongoose(SessionMongoose),
}

impl Layout {
    /// The field with the session's id.
    pub fn id_field(&self) -> &'static str {
        match self {
            Self::ConnectMongo(_) => ID,
            Self::SessionMongoose(_) => session_mongoose::SID,
        }
    }

    /// The field with the session.
    pub fn value_field(&self) -> &'static str {
        match self {
            Self::ConnectMongo(_) => fields::SESSION,
            Self::SessionMongoose(_) => session_mongoose::VALUE,
        }
    }

    /// Writes the update document of a statement. `expected`: of a conditional set, which session-mongoose's layout has
    /// not. `now_millis`: the server's time.
    pub fn write_update(
        &self,
        writer: &mut Writer,
        value: Option<&Value>,
        dates: Dates,
        expected: Option<&Expected>,
        now_millis: i64,
    ) {
        match self {
            Self::ConnectMongo(layout) => layout.write_update(writer, value, dates, expected, now_millis),
            Self::SessionMongoose(layout) => layout.write_update(writer, value, dates, now_millis),
        }
    }

    /// Writes what a row has to be for a conditional set, beside its id.
    pub fn write_condition(&self, writer: &mut Writer, expected: &Expected) {
        match self {
            Self::ConnectMongo(layout) => layout.write_condition(writer, expected),
            Self::SessionMongoose(_) => unreachable!("session-mongoose's layout has no conditional sets"),
        }
    }

    /// Writes that a row has not expired at `now_millis`.
    pub fn write_live(&self, writer: &mut Writer, now_millis: i64) {
        match self {
            Self::ConnectMongo(layout) => layout.write_live(writer, now_millis),
            Self::SessionMongoose(_) => {
                unreachable!("session-mongoose's layout has no fields to find rows by")
            }
        }
    }

    /// Whether a get behind a set can be given what that set stored. Where the server limits the lifetime, only a query
    /// tells when the session expires.
    pub fn sets_serve_gets(&self) -> bool {
        !matches!(self, Self::ConnectMongo(ConnectMongo { max_lifetime_millis: Some(_), .. }))
    }

    /// `None`: not a row of this layout.
    pub fn read_row(&self, document: &RawDocument) -> Option<(Id, StoredRow)> {
        match self {
            Self::ConnectMongo(layout) => layout.read_row(document),
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
            Self::ConnectMongo(layout) => layout.projection(),
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

    /// `has_ttl_index`: whether MongoDB is to remove expired rows by itself. `fields`: those that the app declares.
    pub fn indexes(&self, has_ttl_index: bool, fields: &[String]) -> Vec<Index> {
        match self {
            Self::ConnectMongo(layout) => layout.indexes(has_ttl_index, fields),
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
                // The unique index refuses connect-mongo's rows: the other one is the app's own.
                let is_connect_mongos = existing.iter().any(connect_mongo::marks)
                    && !existing.iter().any(session_mongoose::marks);
                is_connect_mongos.then_some(session_mongoose::FOREIGN)
            }
        }
    }

    /// What is wrong when one of these is in an index's way, and what to do.
    pub fn conflict(&self, index: &Index, existing: &[Document], collection: &str) -> String {
        let conflict = index.conflict(existing, collection);
        match self {
            Self::ConnectMongo(_) if index.expire_after.is_some() => conflict + connect_mongo::ALTERNATIVE,
            _ => conflict,
        }
    }

    /// What is wrong when an index cannot be created, and what to do.
    pub fn no_index(&self, index: &Index, reason: &str) -> String {
        match self {
            Self::ConnectMongo(_) => connect_mongo::no_index(index, reason),
            Self::SessionMongoose(_) => session_mongoose::no_index(index, reason),
        }
    }
}
