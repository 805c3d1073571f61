//! Finds: many gets, one command.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bson::RawDocumentBuf;
use futures_util::{FutureExt, StreamExt};
use mongodb::{Database, error::Result as DriverResult, options::SelectionCriteria};

use crate::{
    batch::Fields,
    delivery::Delivery,
    deployment::Connected,
    error::{Error, Result},
    id::Id,
    layout::StoredRow,
    line::{Action, Lookup, Op},
    operation::{Outcome, Ticket},
    stats::Command,
    store::Store,
};

/// Answers `lookups` and gives their lane back, whatever happens.
pub async fn run(store: Arc<Store>, connected: Connected, lookups: Vec<Lookup>) {
    let started = Instant::now();
    let ids: Vec<Id> = lookups.iter().map(|lookup| lookup.id.clone()).collect();
    let tickets: Vec<Arc<Ticket>> =
        lookups.iter().flat_map(|lookup| lookup.gets.iter().map(|(op, _)| Arc::clone(&op.ticket))).collect();
    let answering = answer(&store, &connected, lookups);
    if AssertUnwindSafe(answering).catch_unwind().await.is_err() {
        for ticket in &tickets {
            store.settle(ticket, Err(Error::panicked()));
        }
    }
    {
        let mut work = store.work();
        for id in &ids {
            work.queue.finish_read(id);
        }
        work.in_flight -= tickets.len();
        let idle = !work.queue.has_ready_reads();
        work.read_lanes.end_command(started.elapsed(), idle);
    }
    store.pump();
}

async fn answer(store: &Store, connected: &Connected, lookups: Vec<Lookup>) {
    let database = connected.client.database(&store.database);
    let mut waiting: HashMap<Id, Lookup> =
        lookups.into_iter().map(|lookup| (lookup.id.clone(), lookup)).collect();
    let gets = waiting.values().flat_map(|lookup| &lookup.gets);
    let deadline = gets.map(|(op, _)| op.ticket.deadline).max().unwrap_or_else(Instant::now);
    let grouped = waiting.len() > 1;
    let ids: Vec<Id> = waiting.keys().cloned().collect();
    let borrowed: Vec<&Id> = ids.iter().collect();
    let monitor = &store.deployment.monitor;
    let delivery = Delivery { connected, database: &database, monitor, deadline, ids: &borrowed };
    let found = find(store, &delivery, &ids, Fields::All, store.selection()).await;
    if let Some(average) = average_bytes(&found.rows) {
        let mut work = store.work();
        work.row_bytes = (work.row_bytes * 7 + average) / 8;
    }
    let mut strangers = false;
    for row in found.rows {
        match waiting.remove(&row.id) {
            Some(lookup) => store.answer(lookup.gets, Some(&row)),
            None => strangers = true,
        }
    }
    match found.end {
        // The cursor ended and every row had its asker: whoever has no row has none.
        Ok(()) if !strangers => {
            for (_, lookup) in waiting.drain() {
                store.answer(lookup.gets, None);
            }
        }
        // A row that nobody asked for, under an id that is equal to one that somebody did: ask one by one.
        Ok(()) => {}
        Err(error) if !grouped || !store.deployment.monitor.is_sharded() => {
            for (_, lookup) in waiting.drain() {
                store.fail(&lookup.gets, &error);
            }
        }
        // One shard's trouble is not everybody's.
        Err(_) => {}
    }
    for (id, lookup) in waiting {
        let one = std::slice::from_ref(&id);
        let found = find(store, &delivery, one, Fields::All, store.selection()).await;
        match found.end {
            Ok(()) => store.answer(lookup.gets, found.rows.first()),
            Err(error) => store.fail(&lookup.gets, &error),
        }
    }
}

pub struct Found {
    pub rows: Vec<StoredRow>,
    pub end: Result<()>,
}

/// Looks `ids` up on the servers of `selection` (`None`: the primary).
pub async fn find(
    store: &Store,
    delivery: &Delivery<'_>,
    ids: &[Id],
    fields: Fields,
    selection: Option<SelectionCriteria>,
) -> Found {
    let borrowed: Vec<&Id> = ids.iter().collect();
    let command = store.target.find(&borrowed, fields, delivery.remaining_millis());
    let rows = Mutex::new(Vec::with_capacity(ids.len()));
    store.stats.command(Command::Find, ids.len());
    let retry = store.deployment.spec.retry_reads;
    let end = delivery
        .read(retry, || collect(store, delivery.database, command.clone(), selection.clone(), &rows))
        .await;
    let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    Found { rows, end }
}

/// Reads the cursor to its end. Rows of an attempt that failed on the way stay: they were true when they were read.
async fn collect(
    store: &Store,
    database: &Database,
    command: RawDocumentBuf,
    selection: Option<SelectionCriteria>,
    rows: &Mutex<Vec<StoredRow>>,
) -> DriverResult<()> {
    let mut run = database.run_raw_cursor_command(command);
    if let Some(selection) = selection {
        run = run.selection_criteria(selection);
    }
    let mut batches = run.batch().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
        for document in batch.doc_slices()? {
            let Ok(bson::RawBsonRef::Document(document)) = document else {
                continue;
            };
            rows.extend(store.target.layout.read_row(document));
        }
    }
    Ok(())
}

fn average_bytes(rows: &[StoredRow]) -> Option<usize> {
    let bytes: usize = rows.iter().map(|row| row.value.bytes.len()).sum();
    bytes.checked_div(rows.len())
}

impl Store {
    /// Gives each get the row as it sees it: after the touches called before it, at its own time.
    fn answer(&self, gets: Vec<(Op, crate::layout::Dates)>, row: Option<&StoredRow>) {
        for (op, overlay) in gets {
            let Action::Get { latest_expired } = op.action else { continue };
            let live = row.and_then(|row| row.live_row(overlay, latest_expired));
            self.settle(&op.ticket, Ok(Outcome::Row(live)));
        }
    }

    fn fail(&self, gets: &[(Op, crate::layout::Dates)], error: &Error) {
        for (op, _) in gets {
            self.settle(&op.ticket, Err(error.clone()));
        }
    }
}
