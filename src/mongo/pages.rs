//! Pages of rows in the order of their `_id`s, on services that know `min` and on those that do not.

use std::{sync::atomic::Ordering, time::Instant};

use super::{collection::read, context::Context, retry::Attempts};
use crate::{
    command::{collection::PageStart, error_codes},
    error::{Error, Result},
    session::{Outcome, Scan},
};

/// The one warning of a store whose service knows no `min`.
pub const WARNING: &str = "the server does not know min with a hint on { _id: 1 }, so that all() and ids() go on by $gt: they \
    miss sessions where ids are of several types";

/// By `min` while the service knows it.
pub async fn page(context: &Context, scan: &Scan, deadline: Instant) -> Result<Outcome> {
    let by_gt = &context.settings.pages_by_gt;
    if !by_gt.load(Ordering::Relaxed) {
        match page_from(context, scan, PageStart::Min, deadline).await {
            Ok(Some(page)) => return Ok(page),
            Ok(None) => {}
            Err(error) if is_refusal(&error) => {}
            Err(error) => return Err(error),
        }
    }
    match page_from(context, scan, PageStart::Gt, deadline).await? {
        Some(page) => {
            by_gt.store(true, Ordering::Relaxed);
            Ok(page)
        }
        // It knows no order at all, and would never end.
        None => Ok(Outcome::Page { rows: Vec::new(), ids_only: scan.ids_only, next: None }),
    }
}

/// `None`: the page starts before the row that it should follow.
async fn page_from(
    context: &Context,
    scan: &Scan,
    start: PageStart,
    deadline: Instant,
) -> Result<Option<Outcome>> {
    let attempts = Attempts { context, deadline, ids: &[] };
    let target = &context.settings.target;
    let found = read(&attempts, target.page(scan, start, attempts.remaining_millis())).await?;
    Ok(target.read_page(scan, &found))
}

/// Whether the service refused the command, which may be for what it does not know.
fn is_refusal(error: &Error) -> bool {
    error.code.is_some_and(|code| {
        !error_codes::RETRYABLE.contains(&code)
            && !error_codes::INTERRUPTIONS.contains(&code)
            && !error_codes::NO_RIGHT.contains(&code)
    })
}
