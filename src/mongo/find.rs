//! Finds: many gets, one command.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use bson::RawDocumentBuf;
use futures_util::StreamExt;
use mongodb::{error::Result as DriverResult, options::SelectionCriteria};

use super::{context::Context, retry::Attempts};
use crate::{
    command::find::Fields,
    error::{Error, Result},
    schedule::FindEnd,
    session::{Id, StoredRow},
};

/// How a find ended. `clean`: with its first attempt.
pub struct Found {
    pub end: FindEnd<Error>,
    pub clean: bool,
}

/// Looks `keys` up. `on_rows` is told the rows of each batch as they arrive, by the index of the key. Those of an attempt
/// that failed on the way are told, too: they were true when they were read.
pub async fn find(
    context: &Context,
    keys: &[Id],
    deadline: Instant,
    on_rows: &(dyn Fn(Vec<(usize, StoredRow)>) + Sync),
) -> Found {
    let borrowed: Vec<&Id> = keys.iter().collect();
    let attempts = Attempts { context, deadline, ids: &borrowed };
    let command = context.settings.target.find(keys, Fields::All, attempts.remaining_millis());
    let indexes: HashMap<&Id, usize> = keys.iter().enumerate().map(|(index, key)| (key, index)).collect();
    let reading = Reading {
        context,
        indexes,
        on_rows,
        strangers: AtomicBool::new(false),
        began: AtomicBool::new(false),
    };
    let selection = context.settings.selection.clone();
    let (end, clean) =
        attempts.read(selection.as_ref(), || reading.run(command.clone(), selection.clone())).await;
    let end = match end {
        Ok(()) if reading.strangers.load(Ordering::Relaxed) => FindEnd::Incomplete(None),
        Ok(()) => FindEnd::Complete,
        Err(failure) if failure.rejected => FindEnd::Rejected(failure.error),
        Err(failure) if reading.began.load(Ordering::Relaxed) => FindEnd::Incomplete(Some(failure.error)),
        Err(failure) => FindEnd::Failed(failure.error),
    };
    Found { end, clean }
}

/// Which of `keys` have a row, on the primary. `None` if that cannot be told.
pub async fn find_existing(context: &Context, keys: &[Id], deadline: Instant) -> Option<Vec<bool>> {
    let attempts = Attempts { context, deadline, ids: &[] };
    let target = &context.settings.target;
    let command = target.find_latest(keys, Fields::Id, attempts.remaining_millis());
    let (rows, _) = attempts.read(None, || documents(context, command.clone(), None)).await;
    let rows = rows.ok()?;
    let ids: Vec<Id> = rows.iter().filter_map(|row| target.layout.read_row(row)).map(|(id, _)| id).collect();
    Some(keys.iter().map(|key| ids.contains(key)).collect())
}

/// The rows of `keys` as they are stored, on the primary.
pub async fn find_current(
    context: &Context,
    keys: &[Id],
    deadline: Instant,
) -> Result<Vec<Option<StoredRow>>> {
    let ids: Vec<&Id> = keys.iter().collect();
    let attempts = Attempts { context, deadline, ids: &ids };
    let target = &context.settings.target;
    let command = target.find_latest(keys, Fields::All, attempts.remaining_millis());
    let (documents, _) = attempts.read(None, || documents(context, command.clone(), None)).await;
    let documents = documents.map_err(|failure| failure.error)?;
    let mut rows: HashMap<Id, StoredRow> =
        documents.iter().filter_map(|document| target.layout.read_row(document)).collect();
    Ok(keys.iter().map(|key| rows.remove(key)).collect())
}

/// The documents that a command returns, to the end of its cursor.
pub async fn documents(
    context: &Context,
    command: RawDocumentBuf,
    selection: Option<SelectionCriteria>,
) -> DriverResult<Vec<RawDocumentBuf>> {
    let mut documents = Vec::new();
    let mut batches = batches(context, command, selection).await?;
    while let Some(batch) = batches.next().await {
        for document in batch?.doc_slices()? {
            if let Ok(bson::RawBsonRef::Document(document)) = document {
                documents.push(document.to_owned());
            }
        }
    }
    Ok(documents)
}

async fn batches(
    context: &Context,
    command: RawDocumentBuf,
    selection: Option<SelectionCriteria>,
) -> DriverResult<mongodb::raw_batch_cursor::RawBatchCursor> {
    let mut run = context.database.run_raw_cursor_command(command);
    if let Some(selection) = selection {
        run = run.selection_criteria(selection);
    }
    run.batch().await
}

struct Reading<'a> {
    context: &'a Context,
    indexes: HashMap<&'a Id, usize>,
    on_rows: &'a (dyn Fn(Vec<(usize, StoredRow)>) + Sync),
    /// A row came under an id that nobody asked for, though the server takes it for equal to one that somebody did.
    strangers: AtomicBool,
    /// A batch has arrived.
    began: AtomicBool,
}

impl Reading<'_> {
    async fn run(&self, command: RawDocumentBuf, selection: Option<SelectionCriteria>) -> DriverResult<()> {
        let mut batches = batches(self.context, command, selection).await?;
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            self.began.store(true, Ordering::Relaxed);
            let mut rows = Vec::with_capacity(self.indexes.len());
            for document in batch.doc_slices()? {
                let Ok(bson::RawBsonRef::Document(document)) = document else { continue };
                let Some((id, row)) = self.context.settings.target.layout.read_row(document) else {
                    continue;
                };
                match self.indexes.get(&id) {
                    Some(index) => rows.push((*index, row)),
                    None => self.strangers.store(true, Ordering::Relaxed),
                }
            }
            (self.on_rows)(rows);
        }
        Ok(())
    }
}
