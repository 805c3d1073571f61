//! Commands on the whole collection.

use std::time::Instant;

use bson::{DateTime, rawdoc};

use super::{
    context::Context,
    find::documents,
    retry::Attempts,
    server_session::{ServerSession, next_txn_number},
};
use crate::{
    command::collection::{counted, removed},
    error::Result,
    schedule::Part,
    session::{Id, Outcome, Row, Value},
};

/// Removes all rows. Never repeated: a repetition would take with it what was written since.
pub async fn clear(context: &Context, deadline: Instant) -> Result<()> {
    delete_many(context, None, deadline).await.map(|_| ())
}

/// Removes what had expired by the server's clock. Returns how many rows that were.
pub async fn remove_expired(context: &Context, deadline: Instant) -> Result<u64> {
    delete_many(context, Some(server_now(context)), deadline).await
}

/// The `_id`s of rows that have expired by the server's clock, from the primary: elsewhere there may be rows that are gone.
pub async fn expired(context: &Context, limit: u32, deadline: Instant) -> Result<Outcome> {
    let attempts = Attempts { context, deadline, ids: &[] };
    let target = &context.settings.target;
    let command = target.expired(server_now(context), limit, attempts.remaining_millis());
    let (found, _) = attempts.read(None, || documents(context, command.clone(), None)).await;
    Ok(target.read_expired(&found.map_err(|failure| failure.error)?))
}

/// Removes a row if it has expired by the server's clock. Of all who claim it at once, one gets it: the row, and the id of
/// its session.
pub async fn claim(context: &Context, row: &Id, deadline: Instant) -> Result<Option<(Id, Row)>> {
    let attempts = Attempts { context, deadline, ids: &[row] };
    let target = &context.settings.target;
    let mut session =
        if context.numbers_writes() { ServerSession::start(&context.servers).await } else { None };
    let numbered =
        session.is_some().then(|| Part { txn_number: next_txn_number(), statement_ids: Vec::new() });
    let now = server_now(context);
    let encode = |numbered: Option<&Part>| target.claim(row, now, numbered);
    let written = attempts.write(&mut session, numbered, encode).await;
    let reply = written.end.map_err(|failure| failure.error)?;
    Ok(target.read_claimed(&reply))
}

/// Removes a row that holds this value still. Returns whether there was one.
pub async fn discard(context: &Context, id: &Id, value: &Value, deadline: Instant) -> Result<bool> {
    let attempts = Attempts { context, deadline, ids: &[id] };
    let command = context.settings.target.discard(id, value);
    let written = attempts.write(&mut None, None, |_| command.clone()).await;
    Ok(removed(&written.end.map_err(|failure| failure.error)?)? > 0)
}

pub async fn count(context: &Context, deadline: Instant) -> Result<u64> {
    let attempts = Attempts { context, deadline, ids: &[] };
    let command = context.settings.target.count(attempts.remaining_millis());
    counted(&read(&attempts, command).await?)
}

pub async fn ping(context: &Context, deadline: Instant) -> Result<()> {
    let attempts = Attempts { context, deadline, ids: &[] };
    let selection = context.settings.selection.clone();
    let run = || {
        let mut ping = context.database.run_raw_command(rawdoc! { "ping": 1 });
        if let Some(selection) = selection.clone() {
            ping = ping.selection_criteria(selection);
        }
        ping.into_future()
    };
    let (end, _) = attempts.read(selection.as_ref(), run).await;
    end.map(|_| ()).map_err(|failure| failure.error)
}

async fn delete_many(context: &Context, expired_at: Option<DateTime>, deadline: Instant) -> Result<u64> {
    let attempts = Attempts { context, deadline, ids: &[] };
    removed(&attempts.once(context.settings.target.delete_many(expired_at)).await?)
}

fn server_now(context: &Context) -> DateTime {
    DateTime::from_millis(context.info.server_millis())
}

/// The documents that a command returns from where the app reads.
pub async fn read(
    attempts: &Attempts<'_>,
    command: bson::RawDocumentBuf,
) -> Result<Vec<bson::RawDocumentBuf>> {
    let context = attempts.context;
    let selection = context.settings.selection.clone();
    let (end, _) =
        attempts.read(selection.as_ref(), || documents(context, command.clone(), selection.clone())).await;
    end.map_err(|failure| failure.error)
}
