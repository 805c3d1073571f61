//! Commands that concern the whole collection. They travel outside the lanes.

use std::{future::IntoFuture, panic::AssertUnwindSafe, sync::atomic::Ordering};

use bson::{DateTime, Document, RawDocument, RawDocumentBuf, raw::cstr, rawdoc};
use futures_util::{FutureExt, StreamExt};
use mongodb::{Database, error::Result as DriverResult};

use crate::{
    batch::count,
    delivery::Delivery,
    deployment::Connected,
    error::{Error, Result},
    failure,
    id::Id,
    layout::{Dates, ID},
    operation::{Outcome, Request, Scan, Ticket},
    stats::Command,
    store::Store,
    wire::{self, Writer},
};

/// Carries out `request` and settles `ticket`, whatever happens.
pub async fn run(store: &Store, connected: &Connected, request: Request, ticket: &Ticket) {
    let carrying_out = carry_out(store, connected, request, ticket);
    let outcome =
        AssertUnwindSafe(carrying_out).catch_unwind().await.unwrap_or_else(|_| Err(Error::panicked()));
    store.settle(ticket, outcome);
}

async fn carry_out(
    store: &Store,
    connected: &Connected,
    request: Request,
    ticket: &Ticket,
) -> Result<Outcome> {
    let database = connected.client.database(&store.database);
    let monitor = &store.deployment.monitor;
    let delivery = Delivery { connected, database: &database, monitor, deadline: ticket.deadline, ids: &[] };
    store.stats.command(Command::Other, 1);
    match request {
        Request::Clear => clear(store, &delivery).await,
        Request::Count => count_rows(store, &delivery).await,
        Request::Scan(scan) => page(store, &delivery, scan).await,
        Request::Sweep => sweep(store, connected, &delivery).await.map(Outcome::Count),
        Request::Ping => ping(store, &delivery).await,
        _ => unreachable!("operations on one id travel in lanes"),
    }
}

/// Never repeated: a repetition would take with it what was written since.
async fn clear(store: &Store, delivery: &Delivery<'_>) -> Result<Outcome> {
    delete_many(store, delivery, rawdoc! {}).await.map(|_| Outcome::Done)
}

/// Deletes what had expired by the server's clock: a client an hour ahead must not delete everyone's sessions.
pub async fn sweep(store: &Store, connected: &Connected, delivery: &Delivery<'_>) -> Result<u64> {
    let removed = remove_expired(store, connected, delivery).await?;
    store.stats.sweeps.fetch_add(1, Ordering::Relaxed);
    Ok(removed)
}

pub async fn remove_expired(store: &Store, connected: &Connected, delivery: &Delivery<'_>) -> Result<u64> {
    let now = DateTime::from_millis(connected.facts.server_millis());
    let removed = delete_many(store, delivery, store.target.layout.expired(now)).await?;
    store.stats.swept.fetch_add(removed, Ordering::Relaxed);
    Ok(removed)
}

async fn delete_many(store: &Store, delivery: &Delivery<'_>, query: RawDocumentBuf) -> Result<u64> {
    let mut command =
        rawdoc! { "delete": store.target.collection.as_str(), "deletes": [{ "q": query, "limit": 0 }] };
    if let Some(concern) = &store.target.write_concern {
        command.append(cstr!("writeConcern"), concern.clone());
    }
    let reply = delivery.once(command).await?;
    check(&reply)?;
    Ok(reply.get("n").and_then(failure::integer).and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

fn check(reply: &Document) -> Result<()> {
    let first = |name: &str| reply.get_array(name).ok().and_then(|errors| errors.first()?.as_document());
    match first("writeErrors").or_else(|| reply.get_document("writeConcernError").ok()) {
        Some(error) => Err(failure::from_reply(error, &[])),
        None => Ok(()),
    }
}

/// Counts rows, as `countDocuments({})` does: the `count` command goes by metadata that a crash can leave wrong.
async fn count_rows(store: &Store, delivery: &Delivery<'_>) -> Result<Outcome> {
    let collection = store.target.collection.as_str();
    let command = rawdoc! { "aggregate": collection, "pipeline": [{ "$count": "n" }], "cursor": {} };
    let rows = read(store, delivery, command).await?;
    let total = rows.first().and_then(|row| row.get("n").ok().flatten());
    let total = total.and_then(|n| n.as_i64().or(n.as_i32().map(i64::from)));
    Ok(Outcome::Count(total.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)))
}

/// Pages by `min` on the `_id` index: `$gt` compares within one BSON type and would skip rows of a collection with ids
/// of several types.
async fn page(store: &Store, delivery: &Delivery<'_>, scan: Scan) -> Result<Outcome> {
    // `min` includes the row that ended the page before, hence one more.
    let limit = usize::try_from(scan.limit).unwrap_or(usize::MAX) + usize::from(scan.after.is_some());
    let mut command = rawdoc! {
        "find": store.target.collection.as_str(),
        "sort": { "_id": 1 },
        "hint": { "_id": 1 },
        "limit": count(limit),
        "batchSize": count(limit + 1),
    };
    if let Some(after) = &scan.after {
        let mut min = Writer::new(64);
        min.value(ID, after.tag(), after.bytes());
        command.append(cstr!("min"), min.finish());
    }
    if scan.ids_only {
        command.append(cstr!("projection"), store.target.layout.projection());
    }
    let found = read(store, delivery, command).await?;
    let next = (found.len() >= limit).then(|| found.last().and_then(|row| place(row))).flatten();
    let first = usize::from(scan.after.is_some() && found.first().and_then(|row| place(row)) == scan.after);
    let live = found[first..].iter().filter_map(|row| {
        let row = store.target.layout.read_row(row)?;
        let live = row.live_row(Dates::default(), scan.now)?;
        Some((row.id, live))
    });
    Ok(Outcome::Page { rows: live.collect(), ids_only: scan.ids_only, next })
}

/// Where a row is in the order of a scan: by its `_id`, whatever the session's id.
fn place(row: &RawDocument) -> Option<Id> {
    wire::elements(row)
        .find(|(name, ..)| *name == ID.as_bytes())
        .map(|(_, tag, value)| Id::from_element(tag, value))
}

/// The documents that a command finds.
async fn read(
    store: &Store,
    delivery: &Delivery<'_>,
    mut command: RawDocumentBuf,
) -> Result<Vec<RawDocumentBuf>> {
    if let Some(concern) = &store.target.read_concern {
        command.append(cstr!("readConcern"), concern.clone());
    }
    command.append(cstr!("maxTimeMS"), delivery.remaining_millis());
    let retry = store.deployment.spec.retry_reads;
    delivery.read(retry, || documents(store, delivery.database, command.clone())).await
}

async fn documents(
    store: &Store,
    database: &Database,
    command: RawDocumentBuf,
) -> DriverResult<Vec<RawDocumentBuf>> {
    let mut run = database.run_raw_cursor_command(command);
    if let Some(selection) = store.selection() {
        run = run.selection_criteria(selection);
    }
    let mut batches = run.batch().await?;
    let mut documents = Vec::new();
    while let Some(batch) = batches.next().await {
        for document in batch?.doc_slices()? {
            if let Ok(bson::RawBsonRef::Document(document)) = document {
                documents.push(document.to_owned());
            }
        }
    }
    Ok(documents)
}

async fn ping(store: &Store, delivery: &Delivery<'_>) -> Result<Outcome> {
    let run = || {
        let mut ping = delivery.database.run_raw_command(rawdoc! { "ping": 1 });
        if let Some(selection) = store.selection() {
            ping = ping.selection_criteria(selection);
        }
        ping.into_future()
    };
    delivery.read(false, run).await.map(|_| Outcome::Done)
}
