//! Commands on the rows that a filter on the fields beside the sessions finds.

use std::time::Instant;

use super::{collection::read, context::Context, find::documents, retry::Attempts};
use crate::{
    command::{collection::counted, filtered::matched},
    error::{Error, Result},
    schedule::MAX_FOUND,
    session::{Filter, Id, Outcome, Value, Wanted},
};

/// What is wanted of the rows that have not expired at `now`.
pub async fn find(
    context: &Context,
    filter: &Filter,
    wanted: Wanted,
    now: i64,
    deadline: Instant,
) -> Result<Outcome> {
    let attempts = Attempts { context, deadline, ids: &[] };
    let (target, limit) = (&context.settings.target, attempts.remaining_millis());
    if wanted == Wanted::Count {
        return counted(&read(&attempts, target.count_where(filter, now, limit)).await?).map(Outcome::Count);
    }
    let ids_only = wanted == Wanted::Ids;
    let found = read(&attempts, target.find_where(filter, ids_only, limit)).await?;
    Ok(target.read_where(&found, ids_only, now))
}

/// The ids of all rows that the filter finds on the primary, expired ones too, but for one that stays.
pub async fn ids_to_destroy(
    context: &Context,
    filter: &Filter,
    except: Option<&Id>,
    deadline: Instant,
) -> Result<Vec<Id>> {
    let attempts = Attempts { context, deadline, ids: &[] };
    let target = &context.settings.target;
    let command = target.find_to_destroy(filter, except, attempts.remaining_millis());
    let (found, _) = attempts.read(None, || documents(context, command.clone(), None)).await;
    let found = found.map_err(|failure| failure.error)?;
    if found.len() as u64 > MAX_FOUND {
        let message = format!("more than {MAX_FOUND} sessions are to be destroyed: narrow the filter");
        return Err(Error::new("MongoRuntimeError", message));
    }
    Ok(found.iter().filter_map(|row| target.layout.read_row(row)).map(|(id, _)| id).collect())
}

/// Stores the fields of a value in the row that holds it. Returns whether it does still.
pub async fn write_fields(context: &Context, id: &Id, value: &Value, deadline: Instant) -> Result<bool> {
    let attempts = Attempts { context, deadline, ids: &[id] };
    let command = context.settings.target.write_fields(id, value);
    let written = attempts.write(&mut None, None, |_| command.clone()).await;
    matched(&written.end.map_err(|failure| failure.error)?, id)
}
