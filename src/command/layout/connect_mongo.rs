//! connect-mongo: `{ _id, session, expires, lastModified?, createdAt?, updatedAt? }`.

use bson::{DateTime, Document, RawDocument, RawDocumentBuf, rawdoc};
use serde::Deserialize;

use super::{
    beside,
    fields::{CREATED_AT, EXPIRES, ID, LAST_MODIFIED, SESSION as VALUE, UPDATED_AT, date},
    index::{Index, is_on, is_whole},
    lifetime,
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
    /// How long a session may live after its `createdAt`, however often it is used.
    #[serde(default, rename = "maxLifetimeMS")]
    pub max_lifetime_millis: Option<i64>,
}

/// What to do about rows that MongoDB does not remove.
pub const ALTERNATIVE: &str = ", or autoRemove: 'interval' or 'disabled'";

pub const FOREIGN: &str = "the collection holds rows of session-mongoose (its unique index on sid is there), which this \
    store does not read: use require('connect-mongo-native/session-mongoose'), or another collection, or move the rows over: \
    npx connect-mongo-native migrate --from session-mongoose";

impl ConnectMongo {
    pub fn indexes(&self, has_ttl_index: bool, fields: &[String]) -> Vec<Index> {
        let ttl = has_ttl_index.then(|| Index { expire_after: Some(0), ..Index::on(&[EXPIRES]) });
        let of_fields = fields.iter().map(|field| Index::on(&[field]));
        ttl.into_iter().chain(of_fields).map(|index| Index { background: self.background, ..index }).collect()
    }

    /// Writes the update of a statement.
    pub fn write_update(
        &self,
        writer: &mut Writer,
        value: Option<&Value>,
        dates: Dates,
        expected: Option<&Expected>,
        now_millis: i64,
    ) {
        if let Some(lifetime_millis) = self.max_lifetime_millis {
            let stages = writer.array("u");
            let update =
                lifetime::Update { lifetime_millis, timestamps: self.timestamps, value, dates, expected };
            update.write_stages(writer);
            writer.end(stages);
        } else {
            let update = writer.document("u");
            self.write_operators(writer, value, dates, expected, now_millis);
            writer.end(update);
        }
    }

    fn write_operators(
        &self,
        writer: &mut Writer,
        value: Option<&Value>,
        dates: Dates,
        expected: Option<&Expected>,
        now_millis: i64,
    ) {
        let inserts_only = expected == Some(&Expected::NoRow);
        let fields = value.and_then(|value| value.fields.as_deref()).unwrap_or_default();
        if !inserts_only {
            let set = writer.document("$set");
            write_fields(writer, value, dates);
            writer.end(set);
            beside::write_unset(writer, fields);
        }
        let creates = self.timestamps && value.is_some();
        if creates || expected.is_some() {
            let on_insert = writer.document("$setOnInsert");
            match expected {
                Some(Expected::NoRow) => write_fields(writer, value, dates),
                // Another id than the query's: a row that is not as expected is an error of its statement alone.
                Some(Expected::Row { .. }) => writer.value(ID, tag::NULL, &[]),
                Some(Expected::Fields(_)) | None => {}
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

    /// What a row has to be for a conditional write, beside its id.
    pub fn write_condition(&self, writer: &mut Writer, expected: &Expected) {
        let is_of_set = !matches!(expected, Expected::Fields(_));
        if self.max_lifetime_millis.is_some() && is_of_set {
            lifetime::write_condition(writer);
        }
        match expected {
            Expected::NoRow => {}
            Expected::Fields(filter) => beside::write_filter(writer, filter),
            Expected::Row { value, latest_expired } => {
                // `$eq`, because a document whose first key begins with `$` would pass for an operator.
                let equal = writer.document(VALUE);
                writer.value("$eq", value.tag, &value.bytes);
                writer.end(equal);
                if let Some(latest_expired) = latest_expired {
                    self.write_live(writer, *latest_expired);
                }
            }
        }
    }

    /// That a row has not expired at `now_millis`.
    pub fn write_live(&self, writer: &mut Writer, now_millis: i64) {
        let either = writer.array("$or");
        let eternal = writer.document("0");
        let missing = writer.document(EXPIRES);
        writer.boolean("$exists", false);
        writer.end(missing);
        writer.end(eternal);
        let live = writer.document("1");
        let later = writer.document(EXPIRES);
        writer.date("$gt", now_millis);
        writer.end(later);
        writer.end(live);
        writer.end(either);
        if let Some(lifetime_millis) = self.max_lifetime_millis {
            lifetime::write_live(writer, lifetime_millis, now_millis);
        }
    }

    pub fn read_row(&self, document: &RawDocument) -> Option<(Id, StoredRow)> {
        let mut id = None;
        let mut value = Value::null();
        // Rows of connect-mongo up to 0.2 have no such field and live for ever.
        let mut expiry = Expiry::Absent;
        let mut last_modified = None;
        let mut created_at = None;
        for (name, tag, bytes) in elements(document) {
            match std::str::from_utf8(name) {
                Ok(ID) => id = Some(Id::from_element(tag, bytes)),
                Ok(VALUE) => value = Value::from_element(tag, bytes),
                Ok(EXPIRES) => expiry = date(tag, bytes).map_or(Expiry::NotADate, Expiry::At),
                Ok(LAST_MODIFIED) => last_modified = date(tag, bytes),
                Ok(CREATED_AT) => created_at = date(tag, bytes),
                _ => {}
            }
        }
        let ends = self.max_lifetime_millis.zip(created_at).map(|(life, start)| start.saturating_add(life));
        Some((id?, StoredRow { value, expiry: expiry.by(ends), last_modified, ends }))
    }

    /// What tells id and liveness.
    pub fn projection(&self) -> RawDocumentBuf {
        match self.max_lifetime_millis {
            Some(_) => rawdoc! { "expires": 1, "createdAt": 1 },
            None => rawdoc! { "expires": 1 },
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
    if let Some(fields) = value.and_then(|value| value.fields.as_deref()) {
        beside::write_set(writer, fields);
    }
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

pub fn no_index(index: &Index, reason: &str) -> String {
    if index.expire_after.is_none() {
        return format!(
            "the index {} could not be created ({reason}): without it, finding sessions by this field reads all of them. \
             Remedy: create it yourself, once: {}",
            index.name(),
            index.creation(None)
        );
    }
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

    const PLAIN: ConnectMongo =
        ConnectMongo { timestamps: false, background: false, max_lifetime_millis: None };
    const LIMITED: ConnectMongo = ConnectMongo { max_lifetime_millis: Some(500), ..PLAIN };

    fn found(document: &RawDocument, now_millis: i64) -> bool {
        PLAIN.read_row(document).unwrap().1.live_row(Dates::default(), now_millis).is_some()
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
        let row = PLAIN.read_row(&row).unwrap().1.live_row(touched, 1000).unwrap();
        assert_eq!(row.dates, touched);
    }

    #[test]
    fn a_row_ends_with_its_lifetime_whatever_a_touch_says() {
        let at = DateTime::from_millis;
        let row = rawdoc! { "_id": "a", "session": "{}", "expires": at(5000), "createdAt": at(1000) };
        let touched = Dates { expires: Some(2000), last_modified: None };
        let read = |layout: ConnectMongo, overlay, now| {
            let row = layout.read_row(&row).unwrap().1.live_row(overlay, now);
            row.map(|row| row.dates.expires)
        };
        for overlay in [Dates::default(), touched] {
            assert_eq!(read(LIMITED, overlay, 1499), Some(Some(1500)));
            assert_eq!(read(LIMITED, overlay, 1500), None);
        }
        assert_eq!(read(PLAIN, Dates::default(), 1500), Some(Some(5000)));
        let row = rawdoc! { "_id": "a", "session": "{}", "createdAt": at(1000) };
        assert!(LIMITED.read_row(&row).unwrap().1.live_row(Dates::default(), 1500).is_none(), "no expires");
        let row = rawdoc! { "_id": "a", "session": "{}", "expires": at(5000), "createdAt": "yesterday" };
        assert!(LIMITED.read_row(&row).unwrap().1.live_row(Dates::default(), 1500).is_some(), "no date");
    }

    #[test]
    fn values_keep_their_type() {
        let (_, row) = PLAIN.read_row(&rawdoc! { "_id": 5, "session": { "a": 1 } }).unwrap();
        assert_eq!((row.value.tag, &*row.value.bytes), (tag::DOCUMENT, rawdoc! { "a": 1 }.as_bytes()));
        let (_, row) = PLAIN.read_row(&rawdoc! { "_id": 5 }).unwrap();
        assert_eq!(row.value.tag, tag::NULL);
    }

    #[test]
    fn timestamps_are_those_of_connect_mongo_6() {
        let value = Value::new(tag::STRING, b"{}");
        let mut writer = Writer::new(64);
        let layout = ConnectMongo { timestamps: true, ..PLAIN };
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
        let value = Value::new(tag::STRING, b"{}");
        let dates = Dates { expires: Some(9), last_modified: None };
        let operators = |timestamps, expected: &Expected| {
            let mut writer = Writer::new(64);
            let layout = ConnectMongo { timestamps, ..PLAIN };
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
        PLAIN.write_condition(&mut query, &row);
        assert_eq!(
            query.finish(),
            rawdoc! {
                "session": { "$eq": "{}" },
                "$or": [{ "expires": { "$exists": false } }, { "expires": { "$gt": at(5) } }],
            }
        );
        let mut query = Writer::new(64);
        LIMITED.write_condition(&mut query, &Expected::NoRow);
        assert_eq!(query.finish(), rawdoc! { "__inserted": RawBson::Null });
        let mut query = Writer::new(64);
        LIMITED.write_live(&mut query, 700);
        assert_eq!(
            query.finish(),
            rawdoc! {
                "$or": [{ "expires": { "$exists": false } }, { "expires": { "$gt": at(700) } }],
                "createdAt": { "$not": { "$lte": at(200) } },
            }
        );
    }

    #[test]
    fn fields_are_set_or_unset_beside_the_session_and_only_with_it() {
        let fields = rawdoc! { "userId": "u", "device": RawBson::Null, "at": 5 };
        let value = Value { fields: Some(fields.as_bytes().into()), ..Value::new(tag::STRING, b"{}") };
        let dates = Dates { expires: Some(9), last_modified: None };
        let operators = |value: Option<&Value>, expected: Option<&Expected>| {
            let mut writer = Writer::new(64);
            let layout = ConnectMongo { timestamps: false, ..PLAIN };
            layout.write_operators(&mut writer, value, dates, expected, 7);
            writer.finish()
        };
        let at = DateTime::from_millis;
        assert_eq!(
            operators(Some(&value), None),
            rawdoc! {
                "$set": { "session": "{}", "expires": at(9), "userId": "u", "at": 5 },
                "$unset": { "device": true },
            }
        );
        assert_eq!(
            operators(Some(&value), Some(&Expected::NoRow)),
            rawdoc! { "$setOnInsert": { "session": "{}", "expires": at(9), "userId": "u", "at": 5 } }
        );
        assert_eq!(operators(None, None), rawdoc! { "$set": { "expires": at(9) } });
        let mut query = Writer::new(64);
        let filter = rawdoc! { "userId": "u", "n": { "$ne": 1 } };
        PLAIN.write_condition(&mut query, &Expected::Fields(Value::new(tag::DOCUMENT, filter.as_bytes())));
        assert_eq!(query.finish(), rawdoc! { "userId": { "$eq": "u" }, "n": { "$eq": { "$ne": 1 } } });
    }

    #[test]
    fn fields_are_indexed_whatever_removes_expired_rows() {
        let layout = ConnectMongo { timestamps: false, ..PLAIN };
        let names = |has_ttl_index| {
            let indexes = layout.indexes(has_ttl_index, &["userId".to_owned(), "device".to_owned()]);
            indexes.iter().map(|index| (index.name(), index.expire_after)).collect::<Vec<_>>()
        };
        let of_fields = [("userId_1".to_owned(), None), ("device_1".to_owned(), None)];
        assert_eq!(names(false), of_fields);
        assert_eq!(names(true)[0], ("expires_1".to_owned(), Some(0)));
        assert_eq!(names(true)[1..], of_fields);
    }
}
