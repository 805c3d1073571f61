//! Commands on the rows that a filter on the fields beside the sessions finds, and what their replies say.

use bson::{Document, RawDocumentBuf};

use super::{
    bson::Writer,
    layout::{ID, write_filter, write_update},
    reply::{error_of, integer},
    target::Target,
};
use crate::{
    error::Result,
    session::{Dates, Expected, Filter, Id, Outcome, Value},
};

impl Target {
    /// Counts the rows that have not expired at `now`.
    pub fn count_where(&self, filter: &Filter, now: i64, max_time_millis: i64) -> RawDocumentBuf {
        let mut command = Writer::new(256 + filter.bytes.len());
        command.string("aggregate", &self.collection);
        let pipeline = command.array("pipeline");
        let stage = command.document("0");
        let condition = command.document("$match");
        write_filter(&mut command, filter);
        self.layout.write_live(&mut command, now);
        command.end(condition);
        command.end(stage);
        let stage = command.document("1");
        command.string("$count", "n");
        command.end(stage);
        command.end(pipeline);
        let cursor = command.document("cursor");
        command.end(cursor);
        self.append_read_concern(&mut command);
        command.int64("maxTimeMS", max_time_millis);
        command.finish()
    }

    /// Finds rows, expired ones too.
    pub fn find_where(&self, filter: &Filter, ids_only: bool, max_time_millis: i64) -> RawDocumentBuf {
        let mut command = self.begin_find(filter, None);
        if ids_only {
            let projection = command.document("projection");
            command.splice(&self.layout.projection());
            command.end(projection);
        }
        self.append_read_concern(&mut command);
        command.int64("maxTimeMS", max_time_millis);
        command.finish()
    }

    /// Finds the ids of rows as the primary has them now, whatever the store's read concern: a majority may not have yet
    /// what was acknowledged to this store.
    pub fn find_to_destroy(
        &self,
        filter: &Filter,
        except: Option<&Id>,
        max_time_millis: i64,
    ) -> RawDocumentBuf {
        let mut command = self.begin_find(filter, except);
        let projection = command.document("projection");
        command.int32(ID, 1);
        command.end(projection);
        Self::append_latest(&mut command);
        command.int64("maxTimeMS", max_time_millis);
        command.finish()
    }

    /// The rows that are live at `now`, all of them.
    pub fn read_where(&self, documents: &[RawDocumentBuf], ids_only: bool, now: i64) -> Outcome {
        let latest_expired = self.layout.latest_expired(now);
        let rows = documents.iter().filter_map(|row| {
            let (id, row) = self.layout.read_row(row)?;
            Some((id, row.live_row(Dates::default(), latest_expired)?))
        });
        Outcome::Page { rows: rows.collect(), ids_only, next: None }
    }

    /// Writes the fields of a value into the row that holds it still.
    pub fn write_fields(&self, id: &Id, value: &Value) -> RawDocumentBuf {
        let mut command = Writer::new(256 + id.bytes().len() + 2 * value.size());
        command.string("update", &self.collection);
        let updates = command.array("updates");
        let entry = command.document("0");
        let query = command.document("q");
        command.value(self.layout.id_field(), id.tag(), id.bytes());
        let expected = Expected::Row { value: value.clone(), latest_expired: None };
        self.layout.write_condition(&mut command, &expected);
        command.end(query);
        write_update(&mut command, value.fields.as_deref().unwrap_or_default());
        command.end(entry);
        command.end(updates);
        self.append_write_concern(&mut command);
        command.finish()
    }

    fn begin_find(&self, filter: &Filter, except: Option<&Id>) -> Writer {
        let mut command = Writer::new(256 + filter.bytes.len());
        command.string("find", &self.collection);
        let query = command.document("filter");
        write_filter(&mut command, filter);
        if let Some(id) = except {
            let other = command.document(ID);
            command.value("$ne", id.tag(), id.bytes());
            command.end(other);
        }
        command.end(query);
        command
    }
}

/// Whether an update has found its row.
pub fn matched(reply: &Document, id: &Id) -> Result<bool> {
    let first = |name: &str| reply.get_array(name).ok().and_then(|errors| errors.first()?.as_document());
    match first("writeErrors").or_else(|| reply.get_document("writeConcernError").ok()) {
        Some(error) => Err(error_of(error, &[id])),
        None => Ok(reply.get("n").and_then(integer).unwrap_or(1) > 0),
    }
}
