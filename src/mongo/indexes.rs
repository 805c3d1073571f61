//! The indexes of a layout.

use bson::{Document, doc};
use mongodb::{Database, error::ErrorKind};

use super::{context::Context, server_error};
use crate::{
    command::{
        error_codes::{INDEX_BUILD_ABORTED, INDEX_CONFLICTS},
        layout::Index,
    },
    error::Result,
};

/// `Ok(Some(_))`: what is wrong, and what to do. `Err`: the server could not be asked.
pub async fn ensure_all(context: &Context, has_ttl_index: bool) -> Result<Option<String>> {
    let target = &context.settings.target;
    let wanted = target.layout.indexes(has_ttl_index);
    if wanted.is_empty() {
        return Ok(None);
    }
    let existing = list(&context.database, &target.collection).await;
    if let Some(foreign) = target.layout.foreign(&existing) {
        return Ok(Some(foreign.to_owned()));
    }
    let mut troubles = Vec::new();
    for index in &wanted {
        troubles.extend(ensure(context, index).await?);
    }
    Ok((!troubles.is_empty()).then(|| troubles.join("; ")))
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
    if existing.iter().any(|one| index.is_served_by(one)) {
        return Ok(None);
    }
    Ok(Some(if INDEX_CONFLICTS.contains(&code) {
        layout.conflict(index, &existing, collection)
    } else {
        layout.no_index(index, &reason.message)
    }))
}

fn keys(index: &Index) -> Document {
    index.keys.iter().map(|key| ((*key).to_owned(), 1.into())).collect()
}

/// The stable API does not know `background`.
fn specification(index: &Index, api_strict: bool) -> Document {
    let mut specification = doc! { "key": keys(index), "name": index.name };
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
