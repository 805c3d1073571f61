//! What a store does beside its operations: its indexes, and the removal of expired rows. Trouble with either is not
//! fatal: it is an event, and the store works.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Weak, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{join, time::sleep};

use super::{sink::Event, store::Store};
use crate::{
    error::Result,
    mongo::{collection, context::Context, indexes, pages},
    options::config::AutoRemove,
    session::{Outcome, Scan},
};

/// Between attempts to create the indexes while the servers cannot be reached.
const INDEX_RETRY: Duration = Duration::from_secs(1);
/// Between two looks at the indexes of a store that makes rows: as often as drivers look at their servers.
/// lib/backends/driver/maintenance.js has the same number.
const INDEX_CHECK_SPACING: Duration = Duration::from_secs(10);
/// An interval is shortened by up to this share, so that many processes do not sweep together.
const JITTER: f64 = 0.1;

/// What a store's listeners to `expire` should know.
const TTL_WARNING: &str = "the collection has a TTL index, by which MongoDB removes sessions that the event expire is then not \
    emitted for. Remedy: drop that index";

/// For as long as the store lives.
pub async fn maintain(store: Weak<Store>) {
    let Some(strong) = store.upgrade() else { return };
    let (mode, interval) = (strong.auto_remove, strong.sweep_interval);
    let sweeps_at_start = strong.settings.target.layout.sweeps_at_start();
    drop(strong);
    let has_indexes = create_indexes(&store).await;
    if sweeps_at_start {
        remove_expired(&store, false).await;
    }
    join!(
        async {
            if has_indexes {
                keep_indexes(&store).await;
            }
        },
        async {
            if mode == AutoRemove::Interval {
                sweep_at_intervals(&store, interval).await;
            }
        }
    );
}

async fn sweep_at_intervals(store: &Weak<Store>, interval: Duration) {
    let Some(answer) = store.upgrade().map(|store| Arc::clone(&store.sweep_answer)) else { return };
    let mut knows_indexes = false;
    loop {
        sleep(jittered(interval)).await;
        let Some(strong) = store.upgrade() else { return };
        let Some(context) = strong.lease.connection.context(&strong.settings) else { continue };
        strong.sink.event(Event::SweepDue);
        drop(strong);
        if !answer.wait().await {
            if remove_expired(store, true).await.is_none() {
                return;
            }
            continue;
        }
        let Some(strong) = store.upgrade() else { return };
        strong.count_removed(0, true);
        if !knows_indexes && indexes::has_ttl(&context).await {
            strong.warn("CONNECT_MONGO_EXPIRE", TTL_WARNING);
        }
        knows_indexes = true;
    }
}

/// Returns whether the indexes are there now.
async fn create_indexes(store: &Weak<Store>) -> bool {
    loop {
        let Some(strong) = store.upgrade() else { return false };
        match ensure_indexes(&strong).await {
            Some(Ok(is_well)) => return is_well,
            Some(Err(error)) => strong.sink.event(Event::Error(error, "index")),
            None => {}
        }
        drop(strong);
        sleep(INDEX_RETRY).await;
    }
}

/// If there is a connection: whether all is well with the indexes, or the server could not be asked.
async fn ensure_indexes(store: &Store) -> Option<Result<bool>> {
    let context = store.lease.connection.context(&store.settings)?;
    Some(match indexes::ensure_all(&context, store.auto_remove == AutoRemove::Native).await {
        Ok(None) => Ok(true),
        Ok(Some(trouble)) => {
            let message = format!("{}: {}", store.settings.target.collection, trouble.message);
            store.sink.event(Event::Warning { code: trouble.code, message });
            Ok(false)
        }
        Err(error) => Err(error),
    })
}

/// A collection that somebody drops is made again by the next row, and without its indexes. Nothing in the server's reply
/// says so: whoever has made a row looks. An outage is the operations' to tell of; there will be another look.
async fn keep_indexes(store: &Weak<Store>) {
    let Some(made_rows) = store.upgrade().map(|store| Arc::clone(&store.made_rows)) else { return };
    loop {
        sleep(INDEX_CHECK_SPACING).await;
        made_rows.notified().await;
        let Some(strong) = store.upgrade() else { return };
        match ensure_indexes(&strong).await {
            Some(Ok(true)) => {}
            Some(Ok(false)) => return,
            None | Some(Err(_)) => made_rows.notify_one(),
        }
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
            self.warn("CONNECT_MONGO_PAGES", pages::WARNING);
        }
        page
    }

    fn warn(&self, code: &'static str, text: &str) {
        let message = format!("{}: {text}", self.settings.target.collection);
        self.sink.event(Event::Warning { code, message });
    }

    /// The answer to [`Event::SweepDue`]. `claimed`: JavaScript has swept; otherwise one command is to do it.
    pub fn answer_sweep(&self, claimed: bool) {
        self.sweep_answer.give(claimed);
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
