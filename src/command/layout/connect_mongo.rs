//! connect-mongo: `{ _id, session, expires, lastModified?, createdAt?, updatedAt? }`.

use bson::{DateTime, Document, RawDocument, RawDocumentBuf, rawdoc};
use serde::Deserialize;

use super::{
    fields::{EXPIRES, ID, date},
    index::{Index, is_on, is_whole},
};
use crate::{
    command::{
        bson::{Writer, elements},
        reply::integer,
    },
    session::{Dates, Expected, Expiry, Id, StoredRow, Value, bson_type as tag},
};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectMongo {
    /// connect-mongo 6's `timestamps`: `createdAt` on creation, `updatedAt` on every write.
    #[serde(default)]
    pub timestamps: bool,
    /// Whether the index is asked for as connect-mongo does from 4.5 on.
    #[serde(default)]
    pub background: bool,
}

const VALUE: &str = "session";
const LAST_MODIFIED: &str = "lastModified";
const CREATED_AT: &str = "createdAt";
const UPDATED_AT: &str = "updatedAt";

pub const INDEX: Index =
    Index { name: "expires_1", keys: &[EXPIRES], unique: false, expire_after: Some(0), background: false };

/// What to do about rows that MongoDB does not remove.
pub const ALTERNATIVE: &str = ", or autoRemove: 'interval' or 'disabled'";

pub const FOREIGN: &str = "the collection holds rows of session-mongoose (its unique index on sid is there), which this \
    store does not read: use require('connect-mongo-native/session-mongoose'), or another collection, or move the rows over: \
    npx connect-mongo-native migrate --from session-mongoose";

impl ConnectMongo {
    pub fn write_operators(
        &self,
        writer: &mut Writer,
        value: Option<&Value>,
        dates: Dates,
        expected: Option<&Expected>,
        now_millis: i64,
    ) {
        let inserts_only = expected == Some(&Expected::NoRow);
        if !inserts_only {
            let set = writer.document("$set");
            write_fields(writer, value, dates);
            writer.end(set);
        }
        let creates = self.timestamps && value.is_some();
        if creates || expected.is_some() {
            let on_insert = writer.document("$setOnInsert");
            match expected {
                Some(Expected::NoRow) => write_fields(writer, value, dates),
                // Another id than the query's: a row that is not as expected is an error of its statement alone.
                Some(Expected::Row { .. }) => writer.value(ID, tag::NULL, &[]),
                None => {}
            }
            if creates {
                writer.date(CREATED_AT, now_millis);
            }
            if creates && inserts_only {
                writer.date(UPDATED_AT, now_millis);
            }
            writer.end(on_insert);
        }
        if self.timestamps && !inserts_only {
            let current = writer.document("$currentDate");
            writer.boolean(UPDATED_AT, true);
            writer.end(current);
        }
    }
}

fn write_fields(writer: &mut Writer, value: Option<&Value>, dates: Dates) {
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
}

/// What a row has to be for a conditional set, beside its id. `$eq`, because a document whose first key begins with `$`
/// would pass for an operator.
pub fn write_condition(writer: &mut Writer, expected: &Expected) {
    let Expected::Row { value, latest_expired } = expected else { return };
    let equal = writer.document(VALUE);
    writer.value("$eq", value.tag, &value.bytes);
    writer.end(equal);
    let Some(latest_expired) = latest_expired else { return };
    let either = writer.array("$or");
    let eternal = writer.document("0");
    let missing = writer.document(EXPIRES);
    writer.boolean("$exists", false);
    writer.end(missing);
    writer.end(eternal);
    let live = writer.document("1");
    let later = writer.document(EXPIRES);
    writer.date("$gt", *latest_expired);
    writer.end(later);
    writer.end(live);
    writer.end(either);
}

pub fn read_row(document: &RawDocument) -> Option<(Id, StoredRow)> {
    let mut id = None;
    let mut value = Value::null();
    // Rows of connect-mongo up to 0.2 have no such field and live for ever.
    let mut expiry = Expiry::Absent;
    let mut last_modified = None;
    for (name, tag, bytes) in elements(document) {
        match std::str::from_utf8(name) {
            Ok(ID) => id = Some(Id::from_element(tag, bytes)),
            Ok(VALUE) => value = Value::from_element(tag, bytes),
            Ok(EXPIRES) => expiry = date(tag, bytes).map_or(Expiry::NotADate, Expiry::At),
            Ok(LAST_MODIFIED) => last_modified = date(tag, bytes),
            _ => {}
        }
    }
    Some((id?, StoredRow { value, expiry, last_modified }))
}

pub fn projection() -> RawDocumentBuf {
    rawdoc! { "expires": 1 }
}

pub fn expired(now: DateTime) -> RawDocumentBuf {
    rawdoc! { "expires": { "$lt": now } }
}

/// Whether an index is the one by which a collection of this layout is known.
pub fn marks(index: &Document) -> bool {
    is_on(index, &[EXPIRES])
        && is_whole(index)
        && index.get("expireAfterSeconds").and_then(integer) == Some(0)
}

pub fn no_index(reason: &str) -> String {
    format!(
        "the index that removes expired sessions could not be created ({reason}): they stay. Remedy: create it yourself, \
         once: createIndex({{ {EXPIRES}: 1 }}, {{ expireAfterSeconds: 0 }}), and set \
         autoRemove: 'disabled'; or autoRemove: 'interval'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::RawBson;

    fn found(document: &RawDocument, now_millis: i64) -> bool {
        read_row(document).unwrap().1.live_row(Dates::default(), now_millis).is_some()
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
        let row = read_row(&row).unwrap().1.live_row(touched, 1000).unwrap();
        assert_eq!(row.dates, touched);
    }

    #[test]
    fn values_keep_their_type() {
        let (_, row) = read_row(&rawdoc! { "_id": 5, "session": { "a": 1 } }).unwrap();
        assert_eq!((row.value.tag, &*row.value.bytes), (tag::DOCUMENT, rawdoc! { "a": 1 }.as_bytes()));
        let (_, row) = read_row(&rawdoc! { "_id": 5 }).unwrap();
        assert_eq!(row.value.tag, tag::NULL);
    }

    #[test]
    fn timestamps_are_those_of_connect_mongo_6() {
        let value = Value { tag: tag::STRING, bytes: (*b"{}").into() };
        let mut writer = Writer::new(64);
        let layout = ConnectMongo { timestamps: true, background: true };
        layout.write_operators(&mut writer, Some(&value), Dates::default(), None, 7);
        let expected = rawdoc! {
            "$set": { "session": "{}", "expires": RawBson::Null },
            "$setOnInsert": { "createdAt": DateTime::from_millis(7) },
            "$currentDate": { "updatedAt": true },
        };
        assert_eq!(writer.finish(), expected);
    }

    #[test]
    fn a_conditional_set_may_insert_only_where_it_expects_no_row() {
        let value = Value { tag: tag::STRING, bytes: (*b"{}").into() };
        let dates = Dates { expires: Some(9), last_modified: None };
        let operators = |timestamps, expected: &Expected| {
            let mut writer = Writer::new(64);
            let layout = ConnectMongo { timestamps, background: true };
            layout.write_operators(&mut writer, Some(&value), dates, Some(expected), 7);
            writer.finish()
        };
        let at = DateTime::from_millis;
        assert_eq!(
            operators(false, &Expected::NoRow),
            rawdoc! { "$setOnInsert": { "session": "{}", "expires": at(9) } }
        );
        assert_eq!(
            operators(true, &Expected::NoRow),
            rawdoc! { "$setOnInsert": {
                "session": "{}", "expires": at(9), "createdAt": at(7), "updatedAt": at(7),
            } }
        );
        let row = Expected::Row { value: value.clone(), latest_expired: Some(5) };
        assert_eq!(
            operators(false, &row),
            rawdoc! {
                "$set": { "session": "{}", "expires": at(9) },
                "$setOnInsert": { "_id": RawBson::Null },
            }
        );
        let mut query = Writer::new(64);
        write_condition(&mut query, &row);
        assert_eq!(
            query.finish(),
            rawdoc! {
                "session": { "$eq": "{}" },
                "$or": [{ "expires": { "$exists": false } }, { "expires": { "$gt": at(5) } }],
            }
        );
    }
}
