//! Updates of connect-mongo's rows that keep sessions within a maximal lifetime: pipelines, in which the server compares the
//! new expiration with the row's own `createdAt`, by its own clock.
//!
//! lib/backends/driver/layouts/lifetime.js has the same.

use super::{
    beside,
    fields::{CREATED_AT, EXPIRES, ID, LAST_MODIFIED, SESSION, UPDATED_AT},
};
use crate::{
    command::bson::Writer,
    session::{Dates, Expected, Value, bson_type as tag},
};

/// Equal to null in the query of a conditional set, and in no row: a row that the set is about to insert has it, as null.
const INSERTED: &str = "__inserted";

const NOW: &str = "$$NOW";

/// A statement of a store with `maxLifetime`.
pub struct Update<'a> {
    pub lifetime_millis: i64,
    /// connect-mongo 6's `updatedAt`.
    pub timestamps: bool,
    pub value: Option<&'a Value>,
    pub dates: Dates,
    pub expected: Option<&'a Expected>,
}

impl Update<'_> {
    /// The stages, each for an element of the pipeline.
    pub fn write_stages(&self, writer: &mut Writer) {
        let first = writer.document("0");
        let set = writer.document("$set");
        if let Some(expected) = self.expected {
            write_match(writer, expected);
        }
        if let Some(value) = self.value {
            // A text may begin with `$`, and a document would be merged with the one that is there.
            let literal = writer.document(SESSION);
            writer.value("$literal", value.tag, &value.bytes);
            writer.end(literal);
            beside::write_literals(writer, value.fields.as_deref().unwrap_or_default());
        }
        if let Some(millis) = self.dates.last_modified {
            writer.date(LAST_MODIFIED, millis);
        }
        self.write_created_at(writer);
        if self.timestamps {
            writer.string(UPDATED_AT, NOW);
        }
        writer.end(set);
        writer.end(first);

        let second = writer.document("1");
        let set = writer.document("$set");
        self.write_expires(writer);
        writer.end(set);
        writer.end(second);
    }

    fn write_created_at(&self, writer: &mut Writer) {
        // A new session takes the place of an expired one, whose lifetime is not its own.
        if let Some(Expected::Row { latest_expired: None, .. }) = self.expected {
            return writer.string(CREATED_AT, NOW);
        }
        let created_at = writer.document(CREATED_AT);
        let choice = writer.array("$cond");
        write_has_type(writer, "0", CREATED_AT, "date");
        writer.string("1", &format!("${CREATED_AT}"));
        writer.string("2", NOW);
        writer.end(choice);
        writer.end(created_at);
    }

    fn write_expires(&self, writer: &mut Writer) {
        let expires = writer.document(EXPIRES);
        let earliest = writer.array("$min");
        let end = writer.document("0");
        let sum = writer.array("$add");
        writer.string("0", &format!("${CREATED_AT}"));
        writer.int64("1", self.lifetime_millis);
        writer.end(sum);
        writer.end(end);
        if let Some(millis) = self.dates.expires {
            writer.date("1", millis);
        }
        writer.end(earliest);
        writer.end(expires);
    }
}

/// Makes a conditional set that misses an error of its statement alone, as it would give the row another id: one that
/// expects a row inserts none, and one that expects none changes none.
fn write_match(writer: &mut Writer, expected: &Expected) {
    let own = format!("${ID}");
    let id = writer.document(ID);
    let choice = writer.array("$cond");
    write_has_type(writer, "0", INSERTED, "null");
    if expected == &Expected::NoRow {
        writer.string("1", &own);
        writer.value("2", tag::NULL, &[]);
    } else {
        writer.value("1", tag::NULL, &[]);
        writer.string("2", &own);
    }
    writer.end(choice);
    writer.end(id);
    writer.string(INSERTED, "$$REMOVE");
}

fn write_has_type(writer: &mut Writer, name: &str, field: &str, type_name: &str) {
    let condition = writer.document(name);
    let equal = writer.array("$eq");
    let type_of = writer.document("0");
    writer.string("$type", &format!("${field}"));
    writer.end(type_of);
    writer.string("1", type_name);
    writer.end(equal);
    writer.end(condition);
}

/// What a conditional set's query needs for [`Update`].
pub fn write_condition(writer: &mut Writer) {
    writer.value(INSERTED, tag::NULL, &[]);
}

/// That a row's lifetime is not over: rows from before the option, and of other processes, may say a later expiration.
pub fn write_live(writer: &mut Writer, lifetime_millis: i64, now_millis: i64) {
    let created = writer.document(CREATED_AT);
    let not = writer.document("$not");
    writer.date("$lte", now_millis.saturating_sub(lifetime_millis));
    writer.end(not);
    writer.end(created);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{DateTime, RawBson, RawDocumentBuf, rawdoc};

    fn stages(value: Option<&Value>, expected: Option<&Expected>, timestamps: bool) -> RawDocumentBuf {
        let dates = Dates { expires: Some(9), last_modified: Some(7) };
        let mut writer = Writer::new(64);
        Update { lifetime_millis: 1000, timestamps, value, dates, expected }.write_stages(&mut writer);
        writer.finish()
    }

    fn text(value: &[u8]) -> Value {
        Value::new(tag::STRING, value)
    }

    fn once() -> RawDocumentBuf {
        rawdoc! { "$cond": [{ "$eq": [{ "$type": "$createdAt" }, "date"] }, "$createdAt", "$$NOW"] }
    }

    fn limited() -> RawDocumentBuf {
        rawdoc! { "$set": { "expires": { "$min": [
            { "$add": ["$createdAt", 1000i64] }, DateTime::from_millis(9),
        ] } } }
    }

    #[test]
    fn a_touch_moves_the_expiration_up_to_the_end_of_the_lifetime() {
        assert_eq!(
            stages(None, None, false),
            rawdoc! {
                "0": { "$set": { "lastModified": DateTime::from_millis(7), "createdAt": once() } },
                "1": limited(),
            }
        );
    }

    #[test]
    fn a_set_stores_its_value_as_it_is() {
        assert_eq!(
            stages(Some(&text(b"$a")), None, true),
            rawdoc! {
                "0": { "$set": {
                    "session": { "$literal": "$a" },
                    "lastModified": DateTime::from_millis(7),
                    "createdAt": once(),
                    "updatedAt": "$$NOW",
                } },
                "1": limited(),
            }
        );
    }

    #[test]
    fn fields_are_set_as_they_are_or_removed() {
        let fields = rawdoc! { "userId": "$a", "device": RawBson::Null };
        let value = Value { fields: Some(fields.as_bytes().into()), ..text(b"{}") };
        assert_eq!(
            stages(Some(&value), None, false),
            rawdoc! {
                "0": { "$set": {
                    "session": { "$literal": "{}" },
                    "userId": { "$literal": "$a" },
                    "device": "$$REMOVE",
                    "lastModified": DateTime::from_millis(7),
                    "createdAt": once(),
                } },
                "1": limited(),
            }
        );
    }

    #[test]
    fn a_conditional_set_that_misses_would_change_an_id() {
        let value = text(b"{}");
        let inserted = || rawdoc! { "$eq": [{ "$type": "$__inserted" }, "null"] };
        for (expected, id, created_at) in [
            (
                Expected::NoRow,
                rawdoc! { "$cond": [inserted(), "$_id", RawBson::Null] },
                RawBson::Document(once()),
            ),
            (
                Expected::Row { value: value.clone(), latest_expired: Some(5) },
                rawdoc! { "$cond": [inserted(), RawBson::Null, "$_id"] },
                RawBson::Document(once()),
            ),
            (
                Expected::Row { value: value.clone(), latest_expired: None },
                rawdoc! { "$cond": [inserted(), RawBson::Null, "$_id"] },
                RawBson::String("$$NOW".to_owned()),
            ),
        ] {
            assert_eq!(
                stages(Some(&value), Some(&expected), false),
                rawdoc! {
                    "0": { "$set": {
                        "_id": id,
                        "__inserted": "$$REMOVE",
                        "session": { "$literal": "{}" },
                        "lastModified": DateTime::from_millis(7),
                        "createdAt": created_at,
                    } },
                    "1": limited(),
                }
            );
        }
    }
}
