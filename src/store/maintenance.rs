//! What a store does beside its operations: its indexes, and the removal of expired rows. Trouble with either is not
//! fatal: it is an event, and the store works.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Weak, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{sink::Event, store::Store};
use crate::{
    error::Result,
    mongo::{collection, context::Context, indexes, pages},
    options::config::AutoRemove,
    session::{Outcome, Scan},
};

/// Between attempts to create the indexes while the servers cannot be reached.
const INDEX_RETRY: Duration = Duration::from_secs(1);
/// An interval is shortened by up to this share, so that many processes do not sweep together.
const JITTER: f64 = 0.1;

/// For as long as the store lives.
pub async fn maintain(store: Weak<Store>) {
    let Some(strong) = store.upgrade() else { return };
    let (mode, interval) = (strong.auto_remove, strong.sweep_interval);
    let sweeps_at_start = strong.settings.target.layout.sweeps_at_start();
    drop(strong);
    create_indexes(&store).await;
    if sweeps_at_start {
        remove_expired(&store, false).await;
    }
    if mode == AutoRemove::Interval {
        loop {
            tokio::time::sleep(jittered(interval)).await;
            if remove_expired(&store, true).await.is_none() {
                return;
            }
        }
    }
}

async fn create_indexes(store: &Weak<Store>) {
    loop {
        let Some(store) = store.upgrade() else { return };
        if let Some(context) = store.lease.connection.context(&store.settings) {
            match indexes::ensure_all(&context, store.auto_remove == AutoRemove::Native).await {
                Ok(None) => return,
                Ok(Some(trouble)) => {
                    let message = format!("{}: {}", store.settings.target.collection, trouble.message);
                    return store.sink.event(Event::Warning { code: trouble.code, message });
                }
                Err(error) => store.sink.event(Event::Error(error, "index")),
            }
        }
        drop(store);
        tokio::time::sleep(INDEX_RETRY).await;
    }
}

/// If there is a connection; a failure is an event. `None`: the store is gone.
async fn remove_expired(store: &Weak<Store>, is_sweep: bool) -> Option<()> {
    let store = store.upgrade()?;
    let Some(context) = store.lease.connection.context(&store.settings) else { return Some(()) };
    match collection::remove_expired(&context, Instant::now() + store.operation_timeout).await {
        Ok(removed) => store.count_removed(removed, is_sweep),
        Err(error) => store.sink.event(Event::Error(error, "sweep")),
    }
    Some(())
}

impl Store {
    /// Warns when the first page had to do without `min`.
    pub(super) async fn page(&self, context: &Context, scan: &Scan, deadline: Instant) -> Result<Outcome> {
        let by_gt = &context.settings.pages_by_gt;
        let knew_min = !by_gt.load(Ordering::Relaxed);
        let page = pages::page(context, scan, deadline).await;
        if knew_min && by_gt.load(Ordering::Relaxed) {
            let message = format!("{}: {}", self.settings.target.collection, pages::WARNING);
            self.sink.event(Event::Warning { code: "CONNECT_MONGO_PAGES", message });
        }
        page
    }

    pub(super) fn count_removed(&self, removed: u64, is_sweep: bool) {
        self.stats.swept.fetch_add(removed, Ordering::Relaxed);
        self.stats.sweeps.fetch_add(u64::from(is_sweep), Ordering::Relaxed);
    }
}

fn jittered(interval: Duration) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "a random share")]
    let random = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    interval.mul_f64(1.0 - JITTER * random)
}
