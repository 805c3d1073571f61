//! Many gets as one `find`.

use bson::RawDocumentBuf;

use super::{
    bson::{Index, Writer},
    target::{Target, count},
};
use crate::session::Id;

/// What a find asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fields {
    All,
    Id,
}

impl Target {
    /// `max_time_millis`: the server gives up by then, as the callers have.
    pub fn find(&self, ids: &[Id], fields: Fields, max_time_millis: i64) -> RawDocumentBuf {
        let mut command = self.begin_find_of(ids, fields);
        self.append_read_concern(&mut command);
        command.int64("maxTimeMS", max_time_millis);
        command.finish()
    }

    /// What the primary has now, whatever the store's read concern: a majority may not have yet what a write has met.
    pub fn find_latest(&self, ids: &[Id], fields: Fields, max_time_millis: i64) -> RawDocumentBuf {
        let mut command = self.begin_find_of(ids, fields);
        Self::append_latest(&mut command);
        command.int64("maxTimeMS", max_time_millis);
        command.finish()
    }

    fn begin_find_of(&self, ids: &[Id], fields: Fields) -> Writer {
        let id_bytes: usize = ids.iter().map(|id| id.bytes().len() + 16).sum();
        let mut command = Writer::new(192 + id_bytes);
        command.string("find", &self.collection);
        let filter = command.document("filter");
        if let [id] = ids {
            command.value(self.layout.id_field(), id.tag(), id.bytes());
        } else {
            let condition = command.document(self.layout.id_field());
            let list = command.array("$in");
            for (index, id) in ids.iter().enumerate() {
                command.value(Index::new(index).as_str(), id.tag(), id.bytes());
            }
            command.end(list);
            command.end(condition);
        }
        command.end(filter);
        if ids.len() == 1 {
            command.int32("limit", 1);
            command.boolean("singleBatch", true);
        } else {
            // One more than there can be: the first batch ends the cursor. `limit` or `singleBatch` would lose rows that
            // do not fit the first 16 MiB.
            command.int32("batchSize", count(ids.len() + 1));
        }
        if fields == Fields::Id {
            let projection = command.document("projection");
            command.int32(self.layout.id_field(), 1);
            command.end(projection);
        }
        command
    }
}
