//! Calls on the whole collection.

use std::time::Instant;

use super::store::Store;
use crate::{
    error::Result,
    mongo::{collection, context::Context, filtered},
    schedule::BarrierKind,
    session::{Outcome, Request},
};

/// A call that waits for what was called before it.
pub fn barrier_of(request: &Request) -> Option<BarrierKind> {
    match request {
        Request::Clear => Some(BarrierKind::Clear),
        Request::Count => Some(BarrierKind::Count),
        Request::Scan(scan) if scan.after.is_none() => Some(BarrierKind::Scan),
        Request::Where { .. } => Some(BarrierKind::Count),
        Request::DestroyWhere { .. } => Some(BarrierKind::FindToDestroy),
        _ => None,
    }
}

/// Carries one out.
pub async fn call(store: &Store, context: &Context, request: &Request, deadline: Instant) -> Result<Outcome> {
    match request {
        Request::Clear => collection::clear(context, deadline).await.map(|()| Outcome::Done),
        Request::Count => collection::count(context, deadline).await.map(Outcome::Count),
        Request::Scan(scan) => store.page(context, scan, deadline).await,
        Request::Where { filter, wanted, now } => {
            filtered::find(context, filter, *wanted, *now, deadline).await
        }
        Request::WriteFields { id, value } => {
            filtered::write_fields(context, id, value, deadline).await.map(Outcome::Matched)
        }
        Request::Ping => collection::ping(context, deadline).await.map(|()| Outcome::Done),
        Request::Discard { id, value } => {
            collection::discard(context, id, value, deadline).await.map(Outcome::Removed)
        }
        Request::Sweep => {
            let removed = collection::remove_expired(context, deadline).await?;
            store.count_removed(removed, true);
            Ok(Outcome::Count(removed))
        }
        Request::Expired { limit } => collection::expired(context, *limit, deadline).await,
        Request::Claim { row } => {
            let claimed = collection::claim(context, row, deadline).await?;
            store.count_removed(u64::from(claimed.is_some()), false);
            Ok(Outcome::Claimed(claimed.map(Box::new)))
        }
        _ => unreachable!("operations on one id go through the scheduler"),
    }
}
