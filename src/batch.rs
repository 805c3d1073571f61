//! Many operations as one command, and one reply as an outcome for each. Pure.

use bson::{Bson, Document, RawDocumentBuf};

use crate::{
    error::{Error, Result},
    failure,
    id::Id,
    layout::Layout,
    line::{Action, Member, Op, Statement, WriteKind},
    operation::Outcome,
    wire::{Index, Writer},
};

/// What the commands of one store have in common.
#[derive(Debug)]
pub struct Target {
    pub collection: String,
    pub layout: Layout,
    pub read_concern: Option<RawDocumentBuf>,
    pub write_concern: Option<RawDocumentBuf>,
    /// `w: 0`: replies carry no counts.
    pub unacknowledged: bool,
}

/// What makes a resent write the same write to the server: it answers again without doing it again.
#[derive(Clone, Debug)]
pub struct Retryable {
    pub txn_number: i64,
    /// The statements' numbers in the command that was split, if it was.
    pub statement_ids: Option<Vec<i32>>,
}

/// What a find asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fields {
    All,
    Id,
}

/// How a statement fared.
#[derive(Debug)]
pub enum Verdict {
    Upserted,
    /// Carried out; whether it matched anything is known only in sum.
    Done,
    Failed(Error),
}

impl Target {
    // Read concern, write concern and time limit are not inherited from the client by commands that run as they are.

    /// `max_time_millis`: the server gives up by then, as the callers have.
    pub fn find(&self, ids: &[&Id], fields: Fields, max_time_millis: i64) -> RawDocumentBuf {
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
        if let Some(concern) = &self.read_concern {
            let open = command.document("readConcern");
            command.splice(concern);
            command.end(open);
        }
        command.int64("maxTimeMS", max_time_millis);
        command.finish()
    }

    pub fn write(
        &self,
        kind: WriteKind,
        statements: &[Statement],
        now_millis: i64,
        retryable: Option<&Retryable>,
    ) -> RawDocumentBuf {
        let size: usize = statements.iter().map(Statement::size).sum();
        let mut command = Writer::new(256 + size);
        let (verb, list) = match kind {
            WriteKind::Update => ("update", "updates"),
            WriteKind::Delete => ("delete", "deletes"),
        };
        command.string(verb, &self.collection);
        let list = command.array(list);
        let id_field = self.layout.id_field();
        for (index, statement) in statements.iter().enumerate() {
            let entry = command.document(Index::new(index).as_str());
            let query = command.document("q");
            command.value(id_field, statement.id.tag(), statement.id.bytes());
            command.end(query);
            match kind {
                WriteKind::Update => {
                    self.layout.write_update(
                        &mut command,
                        statement.value.as_ref(),
                        statement.dates,
                        now_millis,
                    );
                    command.boolean("upsert", statement.upserts());
                }
                WriteKind::Delete => command.int32("limit", 1),
            }
            command.end(entry);
        }
        command.end(list);
        command.boolean("ordered", false);
        if let Some(concern) = &self.write_concern {
            let open = command.document("writeConcern");
            command.splice(concern);
            command.end(open);
        }
        if let Some(retryable) = retryable {
            command.int64("txnNumber", retryable.txn_number);
            if let Some(ids) = &retryable.statement_ids {
                let open = command.array("stmtIds");
                for (index, id) in ids.iter().enumerate() {
                    command.int32(Index::new(index).as_str(), *id);
                }
                command.end(open);
            }
        }
        command.finish()
    }
}

pub fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The statements' fates and how many rows were matched or upserted in all. A write concern that was not met is
/// everybody's error.
pub fn verdicts(reply: &Document, statements: &[Statement]) -> Result<(Vec<Verdict>, Option<i64>)> {
    let ids: Vec<&Id> = statements.iter().map(|statement| &statement.id).collect();
    if let Ok(error) = reply.get_document("writeConcernError") {
        return Err(failure::from_reply(error, &ids));
    }
    let mut verdicts: Vec<Verdict> = statements.iter().map(|_| Verdict::Done).collect();
    for upserted in list(reply, "upserted") {
        if let Some(verdict) = index(upserted).and_then(|index| verdicts.get_mut(index)) {
            *verdict = Verdict::Upserted;
        }
    }
    for error in list(reply, "writeErrors") {
        if let Some(verdict) = index(error).and_then(|index| verdicts.get_mut(index)) {
            *verdict = Verdict::Failed(failure::from_reply(error, &ids));
        }
    }
    Ok((verdicts, reply.get("n").and_then(failure::integer)))
}

fn list<'a>(reply: &'a Document, name: &str) -> impl Iterator<Item = &'a Document> {
    reply.get_array(name).map(Vec::as_slice).unwrap_or_default().iter().filter_map(Bson::as_document)
}

fn index(entry: &Document) -> Option<usize> {
    entry.get("index").and_then(failure::integer).and_then(|index| usize::try_from(index).ok())
}

/// The touches-only statements that matched, if the sum `n` decides it: all of them, or none.
pub fn touches_matched(statements: &[Statement], verdicts: &[Verdict], n: i64) -> Option<bool> {
    let carried_out = |upserts: bool| {
        let fates = statements.iter().zip(verdicts);
        fates
            .filter(|(statement, verdict)| {
                statement.upserts() == upserts && !matches!(verdict, Verdict::Failed(_))
            })
            .count()
    };
    let touches = i64::from(count(carried_out(false)));
    let matched = n - i64::from(count(carried_out(true)));
    match matched {
        matched if matched >= touches => Some(true),
        0 => Some(false),
        _ => None,
    }
}

/// What each member of a statement is told, and the gets that must query after all.
pub struct Told {
    pub outcomes: Vec<(Op, Result<Outcome>)>,
    pub orphans: Vec<Op>,
}

/// `matched`: whether a statement of touches alone found its row; `removed`: whether a destroy did.
pub fn tell(statement: Statement, verdict: &Verdict, matched: bool, removed: bool) -> Told {
    let upserts = statement.upserts();
    let upserted = matches!(verdict, Verdict::Upserted);
    let mut told = Told { outcomes: Vec::with_capacity(statement.members.len()), orphans: Vec::new() };
    let mut exists = upserts && !upserted;
    for Member { op, answer } in statement.members {
        let outcome = match (verdict, &op.action) {
            (Verdict::Failed(_), Action::Get { .. }) => {
                told.orphans.push(op);
                continue;
            }
            (Verdict::Failed(error), _) => Err(error.clone()),
            (_, Action::Get { .. }) => Ok(Outcome::Row(answer)),
            (_, Action::Set { .. } | Action::Reserved) => {
                Ok(if std::mem::replace(&mut exists, true) { Outcome::Updated } else { Outcome::Created })
            }
            (_, Action::Touch { .. }) => Ok(Outcome::Matched(if upserts { exists } else { matched })),
            (_, Action::Destroy) => Ok(Outcome::Removed(removed)),
        };
        told.outcomes.push((op, outcome));
    }
    told
}
