//! The removal of expired rows: the TTL index, or sweeps at an interval.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Weak,
    time::{Duration, Instant},
};

use crate::{
    config::AutoRemove, delivery::Delivery, deployment::Connected, error::Result, indexes, operation::Event,
    store::Store, whole,
};

/// An interval is shortened by up to this share, so that many processes do not sweep together.
const JITTER: f64 = 0.1;

/// Sees to the indexes and to the removal of expired rows for as long as the store lives.
pub async fn upkeep(store: Weak<Store>) {
    let Some(strong) = store.upgrade() else { return };
    let (mode, interval) = (strong.auto_remove, strong.sweep_interval);
    let sweeps_at_start = strong.target.layout.sweeps_at_start();
    drop(strong);
    indexes::create(&store).await;
    if sweeps_at_start {
        let _ = remove(&store, whole::remove_expired).await;
    }
    if mode == AutoRemove::Interval {
        sweep_for_ever(&store, interval).await;
    }
}

async fn sweep_for_ever(store: &Weak<Store>, interval: Duration) {
    loop {
        tokio::time::sleep(jittered(interval)).await;
        if remove(store, whole::sweep).await.is_none() {
            return;
        }
    }
}

/// A removal, if there is a connection; its failure is an event. `None`: the store is gone.
async fn remove(
    store: &Weak<Store>,
    removal: impl AsyncFn(&Store, &Connected, &Delivery<'_>) -> Result<u64>,
) -> Option<()> {
    let store = store.upgrade()?;
    let Some(connected) = store.deployment.connected() else { return Some(()) };
    let database = connected.client.database(&store.database);
    let monitor = &store.deployment.monitor;
    let deadline = Instant::now() + store.patience();
    let delivery = Delivery { connected: &connected, database: &database, monitor, deadline, ids: &[] };
    if let Err(error) = removal(&store, &connected, &delivery).await {
        store.sink.event(Event::Error(error, "sweep"));
    }
    Some(())
}

fn jittered(interval: Duration) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "a random share")]
    let random = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    interval.mul_f64(1.0 - JITTER * random)
}
