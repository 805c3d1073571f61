//! How a session lies in its document: field names, liveness, the index that removes expired rows.

use std::sync::Arc;

use bson::RawDocument;

use crate::{
    id::Id,
    wire::{self, Writer, tag},
};

/// What the shim stores for a session: a JSON string, or any other BSON value, opaque to the core.
#[derive(Clone, Debug)]
pub struct Value {
    pub tag: u8,
    /// For a string its bare UTF-8, otherwise the value as BSON has it.
    pub bytes: Arc<[u8]>,
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

/// The `expires` field of a row, as far as liveness asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expiry {
    /// No such field: rows of connect-mongo up to 0.2 live for ever.
    Absent,
    /// Milliseconds since the epoch.
    At(i64),
    /// Null, or anything that is no date: not found, as the query of every connect-mongo since 0.6 decides.
    NotADate,
}

impl Expiry {
    pub fn is_live(self, now_millis: i64) -> bool {
        match self {
            Self::Absent => true,
            Self::At(millis) => millis > now_millis,
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
    pub fn live_row(&self, overlay: Dates, now_millis: i64) -> Option<Row> {
        let expiry = overlay.expires.map_or(self.expiry, Expiry::At);
        expiry.is_live(now_millis).then(|| Row {
            value: self.value.clone(),
            dates: Dates {
                expires: if let Expiry::At(millis) = expiry { Some(millis) } else { None },
                last_modified: overlay.last_modified.or(self.last_modified),
            },
        })
    }
}

/// connect-mongo's document: `{ _id, session, expires, lastModified?, createdAt?, updatedAt? }`.
#[derive(Clone, Debug)]
pub struct Layout {
    /// connect-mongo 6's `timestamps`: `createdAt` on creation, `updatedAt` on every write.
    pub timestamps: bool,
}

pub const ID: &str = "_id";
const VALUE: &str = "session";
pub const EXPIRES: &str = "expires";
const LAST_MODIFIED: &str = "lastModified";
const CREATED_AT: &str = "createdAt";
const UPDATED_AT: &str = "updatedAt";

/// The name that MongoDB gives an index on `{ expires: 1 }`, and that every connect-mongo left in place.
pub const TTL_INDEX: &str = "expires_1";

impl Layout {
    /// Writes the update document of a statement. `now_millis` dates a creation.
    pub fn write_update(&self, writer: &mut Writer, value: Option<&Value>, dates: Dates, now_millis: i64) {
        let update = writer.document("u");
        let set = writer.document("$set");
        if let Some(value) = value {
            writer.value(VALUE, value.tag, &value.bytes);
        }
        if let Some(millis) = dates.expires {
            writer.date(EXPIRES, millis);
        } else if value.is_some() {
            writer.value(EXPIRES, tag::NULL, &[]);
        }
        if let Some(millis) = dates.last_modified {
            writer.date(LAST_MODIFIED, millis);
        }
        writer.end(set);
        if self.timestamps {
            if value.is_some() {
                let on_insert = writer.document("$setOnInsert");
                writer.date(CREATED_AT, now_millis);
                writer.end(on_insert);
            }
            let current = writer.document("$currentDate");
            writer.boolean(UPDATED_AT, true);
            writer.end(current);
        }
        writer.end(update);
    }

    pub fn read_row(&self, document: &RawDocument) -> Option<StoredRow> {
        let mut id = None;
        let mut value = Value { tag: tag::NULL, bytes: Arc::new([]) };
        let mut expiry = Expiry::Absent;
        let mut last_modified = None;
        for (name, tag, bytes) in wire::elements(document) {
            match std::str::from_utf8(name) {
                Ok(ID) => id = Some(Id::from_element(tag, bytes)),
                Ok(VALUE) => {
                    let bytes = if tag == tag::STRING { wire::text(bytes) } else { bytes };
                    value = Value { tag, bytes: bytes.into() };
                }
                Ok(EXPIRES) => expiry = date(tag, bytes).map_or(Expiry::NotADate, Expiry::At),
                Ok(LAST_MODIFIED) => last_modified = date(tag, bytes),
                _ => {}
            }
        }
        Some(StoredRow { id: id?, value, expiry, last_modified })
    }
}

fn date(tag: u8, bytes: &[u8]) -> Option<i64> {
    (tag == tag::DATE).then(|| bytes.try_into().map(i64::from_le_bytes).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{DateTime, RawBson, rawdoc};

    const LAYOUT: Layout = Layout { timestamps: false };

    fn found(document: &RawDocument, now_millis: i64) -> bool {
        LAYOUT.read_row(document).unwrap().live_row(Dates::default(), now_millis).is_some()
    }

    #[test]
    fn liveness_is_that_of_the_peers_query() {
        assert!(found(&rawdoc! { "_id": "a", "session": "{}" }, 1000));
        assert!(found(
            &rawdoc! { "_id": "a", "session": "{}", "expires": DateTime::from_millis(1001) },
            1000
        ));
        assert!(!found(
            &rawdoc! { "_id": "a", "session": "{}", "expires": DateTime::from_millis(1000) },
            1000
        ));
        assert!(!found(&rawdoc! { "_id": "a", "session": "{}", "expires": RawBson::Null }, 1000));
        assert!(!found(&rawdoc! { "_id": "a", "session": "{}", "expires": "2099" }, 1000));
    }

    #[test]
    fn a_touch_in_flight_is_laid_over_the_row() {
        let row = rawdoc! { "_id": "a", "session": "{}", "expires": DateTime::from_millis(10) };
        let touched = Dates { expires: Some(2000), last_modified: Some(900) };
        let row = LAYOUT.read_row(&row).unwrap().live_row(touched, 1000).unwrap();
        assert_eq!(row.dates, touched);
    }

    #[test]
    fn values_keep_their_type() {
        let row = LAYOUT.read_row(&rawdoc! { "_id": 5, "session": { "a": 1 } }).unwrap();
        assert_eq!((row.value.tag, &*row.value.bytes), (tag::DOCUMENT, rawdoc! { "a": 1 }.as_bytes()));
        let row = LAYOUT.read_row(&rawdoc! { "_id": 5 }).unwrap();
        assert_eq!(row.value.tag, tag::NULL);
    }

    #[test]
    fn timestamps_are_those_of_connect_mongo_6() {
        let value = Value { tag: tag::STRING, bytes: (*b"{}").into() };
        let mut writer = Writer::new(64);
        Layout { timestamps: true }.write_update(&mut writer, Some(&value), Dates::default(), 7);
        let expected = rawdoc! { "u": {
            "$set": { "session": "{}", "expires": RawBson::Null },
            "$setOnInsert": { "createdAt": DateTime::from_millis(7) },
            "$currentDate": { "updatedAt": true },
        } };
        assert_eq!(writer.finish(), expected);
    }
}
