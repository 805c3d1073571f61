//! Many sets, touches or destroys as one `update` or `delete`.

use bson::RawDocumentBuf;

use super::{
    bson::{Index, Writer},
    target::Target,
};
use crate::{
    schedule::{Part, Statement, Transport, WriteKind},
    session::{Id, Value},
};

/// What a statement takes beside its id and value: names, lengths and dates. Bytes, and generous.
pub const STATEMENT_BYTES: usize = 160;

impl Target {
    /// `now_millis`: the server's time. `numbered`: what makes a resent write the same write to the server, which then
    /// returns its first result again.
    pub fn write<T>(
        &self,
        kind: WriteKind,
        statements: &[Statement<T>],
        now_millis: i64,
        numbered: Option<&Part>,
    ) -> RawDocumentBuf
    where
        T: Transport<Key = Id, Value = Value>,
    {
        let size: usize = statements
            .iter()
            .map(|statement| STATEMENT_BYTES + statement.key.bytes().len() + statement.value_bytes())
            .sum();
        let mut command = Writer::new(256 + size);
        let (verb, list) = match kind {
            WriteKind::Update => ("update", "updates"),
            WriteKind::Delete => ("delete", "deletes"),
        };
        command.string(verb, &self.collection);
        let list = command.array(list);
        for (index, statement) in statements.iter().enumerate() {
            let entry = command.document(Index::new(index).as_str());
            let query = command.document("q");
            command.value(self.layout.id_field(), statement.key.tag(), statement.key.bytes());
            if let Some(expected) = statement.expected.as_deref() {
                self.layout.write_condition(&mut command, expected);
            }
            command.end(query);
            match kind {
                WriteKind::Update => {
                    let value = statement.value.as_ref();
                    let expected = statement.expected.as_deref();
                    self.layout.write_update(&mut command, value, statement.dates, expected, now_millis);
                    command.boolean("upsert", statement.upserts());
                }
                WriteKind::Delete => command.int32("limit", 1),
            }
            command.end(entry);
        }
        command.end(list);
        command.boolean("ordered", false);
        self.append_write_concern(&mut command);
        if let Some(numbered) = numbered {
            append_number(&mut command, numbered);
        }
        command.finish()
    }

    /// A write that matches nothing. With a number of its own it makes the server refuse earlier writes of its session.
    pub fn fence(&self, numbered: Option<&Part>) -> RawDocumentBuf {
        let mut command = Writer::new(256);
        command.string("update", &self.collection);
        let list = command.array("updates");
        let entry = command.document("0");
        let query = command.document("q");
        let condition = command.document("_id");
        let nobody = command.array("$in");
        command.end(nobody);
        command.end(condition);
        command.end(query);
        let update = command.document("u");
        let unset = command.document("$unset");
        command.boolean("nothing", true);
        command.end(unset);
        command.end(update);
        command.end(entry);
        command.end(list);
        self.append_write_concern(&mut command);
        if let Some(numbered) = numbered {
            append_number(&mut command, numbered);
        }
        command.finish()
    }
}

pub(super) fn append_number(command: &mut Writer, numbered: &Part) {
    command.int64("txnNumber", numbered.txn_number);
    if !numbered.statement_ids.is_empty() {
        let open = command.array("stmtIds");
        for (index, id) in numbered.statement_ids.iter().enumerate() {
            command.int32(Index::new(index).as_str(), *id);
        }
        command.end(open);
    }
}
