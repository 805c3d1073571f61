//! Commands on the whole collection.

use std::time::Instant;

use bson::{DateTime, rawdoc};

use super::{context::Context, find::documents, retry::Attempts};
use crate::{
    command::collection::{counted, removed},
    error::Result,
    session::{Id, Value},
};

/// Removes all rows. Never repeated: a repetition would take with it what was written since.
pub async fn clear(context: &Context, deadline: Instant) -> Result<()> {
    delete_many(context, None, deadline).await.map(|_| ())
}

/// Removes what had expired by the server's clock. Returns how many rows that were.
pub async fn remove_expired(context: &Context, deadline: Instant) -> Result<u64> {
    let now = DateTime::from_millis(context.info.server_millis());
    delete_many(context, Some(now), deadline).await
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
