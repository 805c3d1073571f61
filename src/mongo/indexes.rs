//! The indexes of a layout.

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{
    Database,
    error::ErrorKind,
    options::{ReadPreference, SelectionCriteria},
};

use super::{context::Context, server_error};
use crate::{
    command::{
        collation,
        error_codes::{INDEX_BUILD_ABORTED, INDEX_CONFLICTS},
        layout::Index,
    },
    error::Result,
};

/// What is wrong with a collection, and what to do. `code`: the warning's.
pub struct Trouble {
    pub code: &'static str,
    pub message: String,
}

/// With the indexes; the store works.
const OF_INDEXES: &str = "CONNECT_MONGO_INDEX";
/// With the collection itself: nothing can be stored in it.
const OF_COLLECTION: &str = "CONNECT_MONGO_COLLECTION";

/// `Err`: the server could not be asked.
pub async fn ensure_all(context: &Context, has_ttl_index: bool) -> Result<Option<Trouble>> {
    let target = &context.settings.target;
    let wanted = target.layout.indexes(has_ttl_index, &target.fields);
    if wanted.is_empty() {
        return Ok(None);
    }
    let existing = list(&context.database, &target.collection).await;
    if let Some(foreign) = target.layout.foreign(&existing) {
        return Ok(Some(Trouble { code: OF_INDEXES, message: foreign.to_owned() }));
    }
    let mut troubles = Vec::new();
    for index in wanted.iter().filter(|index| !is_there(index, &existing)) {
        troubles.extend(ensure(context, index).await?);
    }
    if troubles.is_empty() {
        return Ok(None);
    }
    Ok(Some(match unusable(&context.database, &target.collection).await {
        Some(message) => Trouble { code: OF_COLLECTION, message: message.to_owned() },
        None => Trouble { code: OF_INDEXES, message: troubles.join("; ") },
    }))
}

/// What is wrong with the collection's collation, which its index on `_id` shows. `Err`: the server could not be asked. Who
/// may not list indexes is told nothing.
pub async fn fault(context: &Context) -> Result<Option<String>> {
    let target = &context.settings.target;
    let anyone = SelectionCriteria::ReadPreference(ReadPreference::Nearest { options: None });
    let command = doc! { "listIndexes": &target.collection };
    let listing = context.database.run_cursor_command(command).selection_criteria(anyone).await;
    let mut cursor = match listing {
        Ok(cursor) => cursor,
        // Such as of a collection that is not there yet.
        Err(error) if server_error::command_code(&error).is_some() && !server_error::is_retryable(&error) => {
            return Ok(None);
        }
        Err(error) => return Err(server_error::from_driver(&error, &[])),
    };
    while cursor.advance().await.map_err(|error| server_error::from_driver(&error, &[]))? {
        let Ok(index) = cursor.deserialize_current() else { continue };
        if !matches!(index.get_str("name"), Ok("_id_")) {
            continue;
        }
        let collation = index.get_document("collation").ok();
        return Ok(collation.and_then(|collation| {
            collation::fault(&target.collection, collation, context.settings.compares_values)
        }));
    }
    Ok(None)
}

/// Whether MongoDB removes rows of the collection by itself, as far as that can be told.
pub async fn has_ttl(context: &Context) -> bool {
    let existing = list(&context.database, &context.settings.target.collection).await;
    existing.iter().any(|index| index.contains_key("expireAfterSeconds"))
}

/// Why no session can be stored in the collection, if that is known. lib/backends/driver/maintenance.js has the same
/// texts.
async fn unusable(database: &Database, collection: &str) -> Option<&'static str> {
    // With these two, a user needs no privilege beyond those that the store needs.
    let limits = doc! { "nameOnly": true, "authorizedCollections": true };
    let mut command = doc! { "listCollections": 1, "filter": { "name": collection } };
    command.extend(limits);
    let listed = database.run_cursor_command(command).await.ok()?.try_next().await.ok()??;
    match listed.get_str("type").ok()? {
        "view" => Some("it is a view, in which nothing can be stored. Remedy: name another collection"),
        "timeseries" => Some(
            "it is a time-series collection, in which no session can be stored. Remedy: name another collection",
        ),
        _ => None,
    }
}

async fn ensure(context: &Context, index: &Index) -> Result<Option<String>> {
    let (target, database) = (&context.settings.target, &context.database);
    let (layout, collection) = (&target.layout, &target.collection);
    let mut command =
        doc! { "createIndexes": collection, "indexes": [specification(index, context.settings.api_strict)] };
    if let Some(concern) = &target.write_concern
        && !target.unacknowledged
        && let Ok(concern) = Document::try_from(concern.as_ref())
    {
        command.insert("writeConcern", concern);
    }
    let Err(error) = database.run_command(command).await else {
        return Ok(None);
    };
    let reason = server_error::from_driver(&error, &[]);
    let Some(code) = server_error::command_code(&error) else {
        return match &*error.kind {
            ErrorKind::Authentication { .. } => Ok(Some(layout.no_index(index, &reason.message))),
            _ => Err(reason),
        };
    };
    if server_error::is_retryable(&error) || code == INDEX_BUILD_ABORTED {
        return Err(reason);
    }
    // Whoever may not create an index may still be able to see that it is there.
    let existing = list(database, collection).await;
    if is_there(index, &existing) {
        return Ok(None);
    }
    Ok(Some(if INDEX_CONFLICTS.contains(&code) {
        layout.conflict(index, &existing, collection)
    } else {
        layout.no_index(index, &reason.message)
    }))
}

fn is_there(index: &Index, existing: &[Document]) -> bool {
    existing.iter().any(|one| index.is_served_by(one))
}

fn keys(index: &Index) -> Document {
    index.keys.iter().map(|key| (key.clone(), 1.into())).collect()
}

/// The stable API does not know `background`.
fn specification(index: &Index, api_strict: bool) -> Document {
    let mut specification = doc! { "key": keys(index), "name": index.name() };
    if index.background && !api_strict {
        specification.insert("background", true);
    }
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
