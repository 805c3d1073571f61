//! Commands on the whole collection, and what their replies say.

use bson::{DateTime, Document, RawDocument, RawDocumentBuf, raw::cstr, rawdoc};

use super::{
    bson::{Writer, elements},
    layout::ID,
    reply::{error_of, integer},
    target::{Target, count},
    write::append_number,
};
use crate::{
    error::{Error, Result},
    schedule::Part,
    session::{Dates, Id, Outcome, Row, Scan, Value, bson_type as tag},
};

/// How a page finds the row that it follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PageStart {
    /// By `min` on the `_id` index.
    Min,
    /// By `$gt`, which compares within one BSON type and skips rows of a collection with ids of several types: only for
    /// services that do not know `min`.
    Gt,
}

impl Target {
    /// Deletes all rows, or those that had expired at the server's time `now`: a client an hour ahead must not delete
    /// everyone's sessions.
    pub fn delete_many(&self, expired_at: Option<DateTime>) -> RawDocumentBuf {
        let query = expired_at.map_or_else(RawDocumentBuf::new, |now| self.layout.expired(now));
        let mut command =
            rawdoc! { "delete": self.collection.as_str(), "deletes": [{ "q": query, "limit": 0 }] };
        if let Some(concern) = &self.write_concern {
            command.append(cstr!("writeConcern"), concern.clone());
        }
        command
    }

    /// Deletes a row that holds this value still.
    pub fn discard(&self, id: &Id, value: &Value) -> RawDocumentBuf {
        let mut command = Writer::new(256 + id.bytes().len() + value.bytes.len());
        command.string("delete", &self.collection);
        let deletes = command.array("deletes");
        let entry = command.document("0");
        let query = command.document("q");
        command.value(self.layout.id_field(), id.tag(), id.bytes());
        let equal = command.document(self.layout.value_field());
        command.value("$eq", value.tag, &value.bytes);
        command.end(equal);
        command.end(query);
        command.int32("limit", 1);
        command.end(entry);
        command.end(deletes);
        self.append_write_concern(&mut command);
        command.finish()
    }

    /// Finds the `_id`s of rows that had expired at the server's time `now`.
    pub fn expired(&self, now: DateTime, limit: u32, max_time_millis: i64) -> RawDocumentBuf {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX - 1);
        rawdoc! {
            "find": self.collection.as_str(),
            "filter": self.layout.expired(now),
            "projection": { "_id": 1 },
            "limit": limit,
            "batchSize": limit + 1,
            "maxTimeMS": max_time_millis,
        }
    }

    pub fn read_expired(&self, documents: &[RawDocumentBuf]) -> Outcome {
        let row = || Row { value: Value::null(), dates: Dates::default() };
        let rows = documents.iter().filter_map(|document| Some((position(document)?, row())));
        Outcome::Page { rows: rows.collect(), ids_only: true, next: None }
    }

    /// Removes a row if it had expired at the server's time `now`, and returns it. `numbered`: as of a write. Who must know
    /// what was removed has it acknowledged.
    pub fn claim(&self, row: &Id, now: DateTime, numbered: Option<&Part>) -> RawDocumentBuf {
        let mut command = Writer::new(256 + row.bytes().len());
        command.string("findAndModify", &self.collection);
        let query = command.document("query");
        command.value(ID, row.tag(), row.bytes());
        command.splice(&self.layout.expired(now));
        command.end(query);
        command.boolean("remove", true);
        if !self.unacknowledged {
            self.append_write_concern(&mut command);
        }
        if let Some(numbered) = numbered {
            append_number(&mut command, numbered);
        }
        command.finish()
    }

    /// The row that a claim has removed, also where its write concern was not met, and the id of its session.
    pub fn read_claimed(&self, reply: &Document) -> Option<(Id, Row)> {
        let document = RawDocumentBuf::try_from(reply.get_document("value").ok()?).ok()?;
        let (id, row) = self.layout.read_row(&document)?;
        Some((id, row.into_row()))
    }

    /// Counts rows, as `countDocuments({})` does: the `count` command goes by metadata that a crash can leave wrong.
    pub fn count(&self, max_time_millis: i64) -> RawDocumentBuf {
        let command = rawdoc! {
            "aggregate": self.collection.as_str(),
            "pipeline": [{ "$count": "n" }],
            "cursor": {},
        };
        self.reading(command, max_time_millis)
    }

    pub fn page(&self, scan: &Scan, start: PageStart, max_time_millis: i64) -> RawDocumentBuf {
        let limit = page_limit(scan);
        let mut command = rawdoc! {
            "find": self.collection.as_str(),
            "sort": { "_id": 1 },
            "limit": count(limit),
            "batchSize": count(limit + 1),
        };
        if start == PageStart::Min {
            command.append(cstr!("hint"), rawdoc! { "_id": 1 });
        }
        if let Some(after) = &scan.after {
            let mut position = Writer::new(64);
            match start {
                PageStart::Min => {
                    position.value(ID, after.tag(), after.bytes());
                    command.append(cstr!("min"), position.finish());
                }
                PageStart::Gt => {
                    let id = position.document(ID);
                    position.value("$gt", after.tag(), after.bytes());
                    position.end(id);
                    command.append(cstr!("filter"), position.finish());
                }
            }
        }
        if scan.ids_only {
            command.append(cstr!("projection"), self.layout.projection());
        }
        self.reading(command, max_time_millis)
    }

    /// The live rows of a page, and where the next one begins. `None`: it starts before the row that it should follow.
    pub fn read_page(&self, scan: &Scan, documents: &[RawDocumentBuf]) -> Option<Outcome> {
        if starts_before(scan, documents) {
            return None;
        }
        let last = documents.last().filter(|_| documents.len() >= page_limit(scan));
        let next = last.and_then(|row| position(row));
        // `min` includes the row that ended the page before.
        let repeats = scan.after.is_some() && documents.first().and_then(|row| position(row)) == scan.after;
        let rows = documents[usize::from(repeats)..].iter().filter_map(|row| {
            let (id, row) = self.layout.read_row(row)?;
            Some((id, row.live_row(Dates::default(), scan.now)?))
        });
        Some(Outcome::Page { rows: rows.collect(), ids_only: scan.ids_only, next })
    }

    fn reading(&self, mut command: RawDocumentBuf, max_time_millis: i64) -> RawDocumentBuf {
        if let Some(concern) = &self.read_concern {
            command.append(cstr!("readConcern"), concern.clone());
        }
        command.append(cstr!("maxTimeMS"), max_time_millis);
        command
    }
}

/// How many rows a delete has removed.
pub fn removed(reply: &Document) -> Result<u64> {
    let first = |name: &str| reply.get_array(name).ok().and_then(|errors| errors.first()?.as_document());
    match first("writeErrors").or_else(|| reply.get_document("writeConcernError").ok()) {
        Some(error) => Err(error_of(error, &[])),
        None => Ok(reply.get("n").and_then(integer).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)),
    }
}

/// How many rows were counted: an empty collection yields no document.
pub fn counted(documents: &[RawDocumentBuf]) -> std::result::Result<u64, Error> {
    let Some(document) = documents.first() else { return Ok(0) };
    let total = document.get("n").ok().flatten();
    let total = total.and_then(|n| n.as_i64().or(n.as_i32().map(i64::from)));
    total
        .and_then(|n| u64::try_from(n).ok())
        .ok_or_else(|| Error::new("MongoRuntimeError", "the server's count is no number"))
}

/// One more than is wanted where the last row of the page before comes again.
fn page_limit(scan: &Scan) -> usize {
    usize::try_from(scan.limit).unwrap_or(usize::MAX) + usize::from(scan.after.is_some())
}

/// Whether the service overlooked where the page starts, as far as that is easily told: by ids that are texts.
fn starts_before(scan: &Scan, documents: &[RawDocumentBuf]) -> bool {
    let (Some(after), Some(first)) = (&scan.after, documents.first().and_then(|row| position(row))) else {
        return false;
    };
    documents.len() >= page_limit(scan)
        && first.tag() == tag::STRING
        && after.tag() == tag::STRING
        && first.bytes() < after.bytes()
}

/// Where a row is in the order of a scan: by its `_id`, whatever the session's id.
fn position(row: &RawDocument) -> Option<Id> {
    elements(row)
        .find(|(name, ..)| *name == ID.as_bytes())
        .map(|(_, tag, value)| Id::from_element(tag, value))
}
