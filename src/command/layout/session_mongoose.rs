//! session-mongoose: `{ _id: ObjectId, sid, data, expires | null }`, or with `ttl` `{ _id, sid, data, usedAt }`.
//!
//! A store with `ttl` may find rows without and the other way round. Each write makes the row one of the store's own kind,
//! and takes the other kind's date away: it would remove a session that is in use.

use bson::{DateTime, Document, RawBson, RawDocument, RawDocumentBuf, rawdoc};
use serde::Deserialize;

use super::{
    fields::{EXPIRES, date},
    index::{Index, is_on, is_set, is_whole},
};
use crate::{
    command::bson::{Writer, elements},
    session::{Dates, Expiry, Id, NEVER, StoredRow, Value, bson_type as tag},
};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionMongoose {
    /// How long a session lives after it was used; `None`: until its `expires`.
    #[serde(default)]
    pub ttl_seconds: Option<i64>,
}

pub const SID: &str = "sid";
pub const VALUE: &str = "data";
const USED_AT: &str = "usedAt";

pub const FOREIGN: &str = "the collection is connect-mongo's (its TTL index on expires is there), whose rows this store does \
    not read and whose next row the unique index sid_1 refuses: use require('connect-mongo-native')(session) with its \
    options, or another collection (modelName or collection), or if connect-mongo has left, create that index yourself, \
    once: createIndex({ sid: 1 }, { unique: true })";

impl SessionMongoose {
    pub fn write_update(&self, writer: &mut Writer, value: Option<&Value>, dates: Dates, now_millis: i64) {
        let update = writer.document("u");
        let set = writer.document("$set");
        if let Some(value) = value {
            writer.value(VALUE, value.tag, &value.bytes);
        }
        let obsolete = if self.ttl_seconds.is_some() {
            // The server's time, since the TTL index goes by it.
            writer.date(USED_AT, now_millis);
            EXPIRES
        } else {
            match dates.expires {
                None | Some(NEVER) => writer.value(EXPIRES, tag::NULL, &[]),
                Some(millis) => writer.date(EXPIRES, millis),
            };
            USED_AT
        };
        writer.end(set);
        let unset = writer.document("$unset");
        writer.boolean(obsolete, true);
        writer.end(unset);
        writer.end(update);
    }

    pub fn read_row(&self, document: &RawDocument) -> Option<(Id, StoredRow)> {
        let mut id = None;
        let mut value = Value::null();
        let mut expiry = Expiry::Absent;
        let mut used_at = None;
        for (name, tag, bytes) in elements(document) {
            match std::str::from_utf8(name) {
                Ok(SID) => id = Some(Id::from_element(tag, bytes)),
                Ok(VALUE) => value = Value::from_element(tag, bytes),
                Ok(EXPIRES) if tag == tag::NULL => {}
                Ok(EXPIRES) => expiry = date(tag, bytes).map_or(Expiry::NotADate, Expiry::At),
                Ok(USED_AT) => used_at = date(tag, bytes),
                _ => {}
            }
        }
        // session-mongoose with `ttl` left the `expires` of a row of the other kind where it was.
        if self.ttl_seconds.is_some() && used_at.is_some() {
            expiry = Expiry::Absent;
        }
        Some((id?, StoredRow { value, expiry, last_modified: None, ends: None }))
    }

    /// With `ttl`, only rows that were never written with it.
    pub fn expired(&self, now: DateTime) -> RawDocumentBuf {
        if self.ttl_seconds.is_some() {
            rawdoc! { "expires": { "$lt": now }, "usedAt": RawBson::Null }
        } else {
            rawdoc! { "expires": { "$lt": now } }
        }
    }

    pub fn indexes(&self) -> Vec<Index> {
        let index = |keys| Index { background: true, ..Index::on(keys) };
        let sid = Index { unique: true, ..index(&[SID]) };
        match self.ttl_seconds {
            None => vec![sid, index(&[EXPIRES]), index(&[SID, EXPIRES])],
            Some(_) => vec![sid, Index { expire_after: self.ttl_seconds, ..index(&[USED_AT]) }],
        }
    }
}

pub fn projection() -> RawDocumentBuf {
    rawdoc! { "sid": 1, "expires": 1, "usedAt": 1 }
}

/// Whether an index is the one by which a collection of this layout is known.
pub fn marks(index: &Document) -> bool {
    is_on(index, &[SID]) && is_set(index, "unique") && is_whole(index)
}

pub fn no_index(index: &Index, reason: &str) -> String {
    if index.unique {
        return format!(
            "the index {} could not be created ({reason}): the store destroys only one of several rows with one sid. Remedy: remove rows that share a sid or have none (connect-mongo's belong into another \
             collection), and restart",
            index.name()
        );
    }
    format!(
        "the index {} could not be created ({reason}). Remedy: create it yourself, once: {}",
        index.name(),
        index.creation(None)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: SessionMongoose = SessionMongoose { ttl_seconds: None };
    const TTL: SessionMongoose = SessionMongoose { ttl_seconds: Some(60) };

    fn at(millis: i64) -> DateTime {
        DateTime::from_millis(millis)
    }

    /// Whether a get at 1000 finds a row with these dates.
    fn found(layout: SessionMongoose, dates: &RawDocument) -> bool {
        let mut row = rawdoc! { "_id": bson::oid::ObjectId::new(), "sid": "a", "data": {} };
        for element in dates {
            let (name, value) = element.unwrap();
            row.append(name, value.to_owned());
        }
        let clock = super::super::Layout::SessionMongoose(layout).latest_expired(1000);
        layout.read_row(&row).unwrap().1.live_row(Dates::default(), clock).is_some()
    }

    #[test]
    fn liveness_is_that_of_session_mongoose_0_5() {
        assert!(found(PLAIN, &rawdoc! {}));
        assert!(found(PLAIN, &rawdoc! { "expires": RawBson::Null }));
        assert!(found(PLAIN, &rawdoc! { "expires": at(1000) }));
        assert!(!found(PLAIN, &rawdoc! { "expires": at(999) }));
        assert!(!found(PLAIN, &rawdoc! { "expires": "2099" }));
        assert!(found(PLAIN, &rawdoc! { "usedAt": at(0) }));
    }

    #[test]
    fn with_ttl_rows_of_the_other_kind_go_by_their_own_date() {
        assert!(found(TTL, &rawdoc! { "usedAt": at(0) }));
        assert!(found(TTL, &rawdoc! { "usedAt": at(0), "expires": at(1) }));
        assert!(found(TTL, &rawdoc! { "expires": at(1000) }));
        assert!(!found(TTL, &rawdoc! { "expires": at(999) }));
        assert!(found(TTL, &rawdoc! { "expires": RawBson::Null }));
    }

    #[test]
    fn values_are_strings_or_documents() {
        let (id, row) = PLAIN.read_row(&rawdoc! { "_id": 1, "sid": "a", "data": "{}" }).unwrap();
        assert_eq!((id, row.value.tag, &*row.value.bytes), (Id::text(b"a"), tag::STRING, &b"{}"[..]));
        let (_, row) = PLAIN.read_row(&rawdoc! { "_id": 1, "sid": "a", "data": { "n": 1 } }).unwrap();
        assert_eq!((row.value.tag, &*row.value.bytes), (tag::DOCUMENT, rawdoc! { "n": 1 }.as_bytes()));
        assert!(PLAIN.read_row(&rawdoc! { "_id": "a", "session": "{}" }).is_none(), "a row of connect-mongo");
    }

    fn written(layout: SessionMongoose, value: Option<&Value>, expires: i64) -> RawDocumentBuf {
        let mut writer = Writer::new(64);
        layout.write_update(&mut writer, value, Dates { expires: Some(expires), last_modified: None }, 7);
        writer.finish()
    }

    #[test]
    fn a_write_makes_the_row_one_of_its_own_kind() {
        let value = Value::new(tag::STRING, b"{}");
        assert_eq!(
            written(PLAIN, Some(&value), 5),
            rawdoc! { "u": { "$set": { "data": "{}", "expires": at(5) }, "$unset": { "usedAt": true } } }
        );
        assert_eq!(
            written(PLAIN, Some(&value), NEVER),
            rawdoc! { "u": { "$set": { "data": "{}", "expires": RawBson::Null }, "$unset": { "usedAt": true } } }
        );
        assert_eq!(
            written(PLAIN, None, 5),
            rawdoc! { "u": { "$set": { "expires": at(5) }, "$unset": { "usedAt": true } } }
        );
        assert_eq!(
            written(TTL, None, NEVER),
            rawdoc! { "u": { "$set": { "usedAt": at(7) }, "$unset": { "expires": true } } }
        );
    }
}
