//! The indexes of a layout. Trouble with one is not fatal: one warning with the remedy, and the store works.

use std::{sync::Weak, time::Duration};

use bson::{Document, doc};
use mongodb::{Database, error::ErrorKind};

use crate::{
    deployment::Connected,
    error::Result,
    failure,
    layout::{Index, is_on},
    operation::Event,
    store::Store,
};

/// Between attempts while the servers cannot be reached.
const RETRY: Duration = Duration::from_secs(1);

/// `IndexOptionsConflict`, `IndexKeySpecsConflict`: an index of this name or on this key exists, with other options.
const CONFLICTS: [i32; 2] = [85, 86];

/// `IndexBuildAborted`: somebody dropped the collection meanwhile. It wants its indexes all the same.
const ABORTED: i32 = 276;

pub async fn create(store: &Weak<Store>) {
    loop {
        let Some(store) = store.upgrade() else { return };
        let Some(connected) = store.deployment.connected() else {
            drop(store);
            tokio::time::sleep(RETRY).await;
            continue;
        };
        match ensure_all(&store, &connected).await {
            Ok(None) => return,
            Ok(Some(trouble)) => {
                let message = format!("{}: {trouble}", store.target.collection);
                return store.sink.event(Event::Warning { code: "CONNECT_MONGO_INDEX", message });
            }
            Err(error) => store.sink.event(Event::Error(error, "index")),
        }
        drop(store);
        tokio::time::sleep(RETRY).await;
    }
}

/// `Ok(Some(_))`: what is wrong, and what to do. `Err`: the server could not be asked.
async fn ensure_all(store: &Store, connected: &Connected) -> Result<Option<String>> {
    let wanted = store.target.layout.indexes(store.auto_remove);
    if wanted.is_empty() {
        return Ok(None);
    }
    let database = connected.client.database(&store.database);
    let existing = list(&database, &store.target.collection).await;
    if let Some(foreign) = store.target.layout.foreign(&existing) {
        return Ok(Some(foreign.to_owned()));
    }
    let mut troubles = Vec::new();
    for index in &wanted {
        troubles.extend(ensure(store, &database, index).await?);
    }
    Ok((!troubles.is_empty()).then(|| troubles.join("; ")))
}

async fn ensure(store: &Store, database: &Database, index: &Index) -> Result<Option<String>> {
    let (layout, collection) = (&store.target.layout, &store.target.collection);
    let mut command = doc! { "createIndexes": collection, "indexes": [specification(index)] };
    if let Some(concern) = &store.target.write_concern
        && !store.target.unacknowledged
        && let Ok(concern) = Document::try_from(concern.as_ref())
    {
        command.insert("writeConcern", concern);
    }
    let Err(error) = database.run_command(command).await else {
        return Ok(None);
    };
    let reason = failure::from_driver(&error, &[]);
    let Some(code) = failure::command_code(&error) else {
        return match &*error.kind {
            ErrorKind::Authentication { .. } => Ok(Some(layout.no_index(index, &reason.message))),
            _ => Err(reason),
        };
    };
    if failure::is_retryable(&error) || code == ABORTED {
        return Err(reason);
    }
    // Whoever may not create an index may still be able to see that it is there.
    if list(database, collection).await.iter().any(|existing| serves_as(existing, index)) {
        return Ok(None);
    }
    Ok(Some(if CONFLICTS.contains(&code) {
        layout.conflict(index, collection)
    } else {
        layout.no_index(index, &reason.message)
    }))
}

fn keys(index: &Index) -> Document {
    index.keys.iter().map(|key| ((*key).to_owned(), 1.into())).collect()
}

fn specification(index: &Index) -> Document {
    let mut specification = doc! { "key": keys(index), "name": index.name };
    if index.unique {
        specification.insert("unique", true);
    }
    if let Some(seconds) = index.expire_after {
        specification.insert("expireAfterSeconds", seconds);
    }
    specification
}

async fn list(database: &Database, collection: &str) -> Vec<Document> {
    let listed = database.run_cursor_command(doc! { "listIndexes": collection }).await;
    let Ok(mut cursor) = listed else { return Vec::new() };
    let mut indexes = Vec::new();
    while let Ok(true) = cursor.advance().await {
        indexes.extend(cursor.deserialize_current());
    }
    indexes
}

fn serves_as(existing: &Document, index: &Index) -> bool {
    is_on(existing, index.keys)
        && existing.get_bool("unique").unwrap_or_default() == index.unique
        && existing.get("expireAfterSeconds").and_then(failure::integer) == index.expire_after
}
