//! The removal of expired rows: the TTL index, or sweeps at an interval.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Weak,
    time::{Duration, Instant},
};

use bson::{Document, doc};
use mongodb::{Database, error::ErrorKind};

use crate::{
    config::AutoRemove,
    delivery::Delivery,
    deployment::Connected,
    error::{Error, Result},
    failure,
    layout::{EXPIRES, TTL_INDEX},
    operation::Event,
    store::Store,
    whole,
};

/// Between attempts to create the index while the servers cannot be reached.
const INDEX_RETRY: Duration = Duration::from_secs(1);
/// An interval is shortened by up to this share, so that many processes do not sweep together.
const JITTER: f64 = 0.1;

/// `IndexOptionsConflict`, `IndexKeySpecsConflict`: an index of this name or on this key exists, with other options.
const CONFLICTS: [i32; 2] = [85, 86];

/// Sees to the removal of expired rows for as long as the store lives.
pub async fn upkeep(store: Weak<Store>) {
    let Some(strong) = store.upgrade() else { return };
    let (mode, interval) = (strong.auto_remove, strong.sweep_interval);
    drop(strong);
    match mode {
        AutoRemove::Native => create_index(&store).await,
        AutoRemove::Interval => sweep_for_ever(&store, interval).await,
        AutoRemove::Disabled => {}
    }
}

async fn sweep_for_ever(store: &Weak<Store>, interval: Duration) {
    loop {
        tokio::time::sleep(jittered(interval)).await;
        let Some(store) = store.upgrade() else { return };
        let Some(connected) = store.deployment.connected() else {
            continue;
        };
        let database = connected.client.database(&store.database);
        let monitor = &store.deployment.monitor;
        let deadline = Instant::now() + store.patience();
        let delivery = Delivery { connected: &connected, database: &database, monitor, deadline, ids: &[] };
        match whole::sweep(&store, &connected, &delivery).await {
            Ok(removed) => store.sink.event(Event::Swept(removed)),
            Err(error) => store.sink.event(Event::Error(error, "sweep")),
        }
    }
}

fn jittered(interval: Duration) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "a random share")]
    let random = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    interval.mul_f64(1.0 - JITTER * random)
}

/// Index trouble is not fatal: one warning with the remedy, and the store works.
async fn create_index(store: &Weak<Store>) {
    loop {
        let Some(store) = store.upgrade() else { return };
        let Some(connected) = store.deployment.connected() else {
            drop(store);
            tokio::time::sleep(INDEX_RETRY).await;
            continue;
        };
        match ensure_index(&store, &connected).await {
            Ok(None) => return,
            Ok(Some(trouble)) => {
                let message = format!("{}: {trouble}", store.target.collection);
                return store.sink.event(Event::Warning { code: "CONNECT_MONGO_INDEX", message });
            }
            Err(error) => store.sink.event(Event::Error(error, "index")),
        }
        drop(store);
        tokio::time::sleep(INDEX_RETRY).await;
    }
}

/// `Ok(Some(_))`: what is wrong, and what to do. `Err`: the server could not be asked.
async fn ensure_index(store: &Store, connected: &Connected) -> Result<Option<String>> {
    let database = connected.client.database(&store.database);
    let collection = &store.target.collection;
    let mut command = doc! {
        "createIndexes": collection,
        "indexes": [{ "key": { EXPIRES: 1 }, "name": TTL_INDEX, "expireAfterSeconds": 0 }],
    };
    if let Some(concern) = &store.target.write_concern
        && !store.target.unacknowledged
        && let Ok(concern) = Document::try_from(concern.as_ref())
    {
        command.insert("writeConcern", concern);
    }
    let Err(error) = database.run_command(command).await else {
        return Ok(None);
    };
    let Some(code) = failure::command_code(&error) else {
        return match &*error.kind {
            ErrorKind::Authentication { .. } => Ok(Some(no_index(&failure::from_driver(&error, &[])))),
            _ => Err(failure::from_driver(&error, &[])),
        };
    };
    if failure::is_retryable(&error) {
        return Err(failure::from_driver(&error, &[]));
    }
    // Whoever may not create an index may still be able to see that it is there.
    let indexes = indexes(&database, collection).await;
    if indexes.iter().any(removes_at_expiry) {
        return Ok(None);
    }
    Ok(Some(if indexes.iter().any(|index| index.get_str("name").is_ok_and(|name| name == "sid_1")) {
        "the collection holds rows of session-mongoose (its index sid_1 is there), which this store does not read: use \
         require('connect-mongo-native/session-mongoose'), or another collection"
            .to_owned()
    } else if CONFLICTS.contains(&code) {
        format!(
            "an index on {{ {EXPIRES}: 1 }} exists that does not remove expired sessions by itself. Remedy: \
             db.getCollection('{collection}').dropIndex('{TTL_INDEX}') and restart, or autoRemove: 'interval'"
        )
    } else {
        no_index(&failure::from_driver(&error, &[]))
    }))
}

fn no_index(error: &Error) -> String {
    format!(
        "the index that removes expired sessions could not be created ({}). The store works without it. Remedy: \
         create it yourself, once: createIndex({{ {EXPIRES}: 1 }}, {{ expireAfterSeconds: 0 }}), and set \
         autoRemove: 'disabled'; or autoRemove: 'interval'",
        error.message
    )
}

async fn indexes(database: &Database, collection: &str) -> Vec<Document> {
    let listed = database.run_cursor_command(doc! { "listIndexes": collection }).await;
    let Ok(mut cursor) = listed else { return Vec::new() };
    let mut indexes = Vec::new();
    while let Ok(true) = cursor.advance().await {
        indexes.extend(cursor.deserialize_current());
    }
    indexes
}

fn removes_at_expiry(index: &Document) -> bool {
    index.get_document("key").is_ok_and(|key| *key == doc! { EXPIRES: 1 })
        && index.get("expireAfterSeconds").and_then(failure::integer) == Some(0)
}
