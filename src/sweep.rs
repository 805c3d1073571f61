//! The removal of expired rows: the TTL index, or sweeps at an interval.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Weak,
    time::{Duration, Instant},
};

use crate::{
    config::AutoRemove, delivery::Delivery, indexes, layout::Layout, operation::Event, store::Store, whole,
};

/// An interval is shortened by up to this share, so that many processes do not sweep together.
const JITTER: f64 = 0.1;

/// Sees to the removal of expired rows for as long as the store lives.
pub async fn upkeep(store: Weak<Store>) {
    let Some(strong) = store.upgrade() else { return };
    let (mode, interval, layout) = (strong.auto_remove, strong.sweep_interval, strong.target.layout);
    drop(strong);
    let is_native = mode == AutoRemove::Native;
    if is_native || matches!(layout, Layout::SessionMongoose(_)) {
        indexes::create(&store).await;
    }
    match mode {
        AutoRemove::Native if matches!(layout, Layout::SessionMongoose(_)) => {
            leave_no_other_kind(&store).await;
        }
        AutoRemove::Interval => sweep_for_ever(&store, interval).await,
        AutoRemove::Native | AutoRemove::Disabled => {}
    }
}

/// session-mongoose's `ttl` may have been switched on over rows that the TTL index does not know. Those that have
/// expired go now; the others join at their next write.
async fn leave_no_other_kind(store: &Weak<Store>) {
    let Some(store) = store.upgrade() else { return };
    let Some(connected) = store.deployment.connected() else { return };
    let database = connected.client.database(&store.database);
    let monitor = &store.deployment.monitor;
    let deadline = Instant::now() + store.patience();
    let delivery = Delivery { connected: &connected, database: &database, monitor, deadline, ids: &[] };
    if let Err(error) = whole::remove_expired(&store, &connected, &delivery).await {
        store.sink.event(Event::Error(error, "sweep"));
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
        if let Err(error) = whole::sweep(&store, &connected, &delivery).await {
            store.sink.event(Event::Error(error, "sweep"));
        }
    }
}

fn jittered(interval: Duration) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "a random share")]
    let random = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    interval.mul_f64(1.0 - JITTER * random)
}
