//! Whether a store may use its collection. Nothing is sent before that is known, and nothing at all if it may not: by its
//! collation a write could hit another visitor's session.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use super::{sink::Event, store::Store, work::Work};
use crate::{
    error::Error,
    mongo::{context::Context, indexes},
};

/// Between attempts to ask the server.
const RETRY: Duration = Duration::from_millis(100);

/// Asks until there is an answer.
async fn check(store: Weak<Store>) {
    loop {
        let Some(strong) = store.upgrade() else { return };
        let connection = Arc::clone(&strong.lease.connection);
        let context = connection.context(&strong.settings);
        drop(strong);
        if let Some(context) = context
            && let Ok(_turn) = connection.asking.acquire().await
            && let Ok(verdict) = ask(&context).await
        {
            if let Some(store) = store.upgrade() {
                store.conclude(verdict);
            }
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// `Err`: the server could not be asked.
async fn ask(context: &Context) -> Result<Option<Error>, Error> {
    let fault = indexes::fault(context).await?;
    Ok(fault.map(|message| Error::new("MongoInvalidArgumentError", message)))
}

impl Store {
    /// There is a connection for the first time.
    pub(super) fn learn_soundness(self: &Arc<Self>) {
        if self.lease.connection.is_sound(&self.settings) {
            let _ = self.verdict.set(None);
        } else {
            self.lease.spawner.spawn(check(Arc::downgrade(self)));
        }
    }

    fn conclude(&self, verdict: Option<Error>) {
        if let Some(error) = &verdict {
            self.sink.event(Event::Error(error.clone(), "connect"));
        } else {
            self.lease.connection.remember_sound(&self.settings);
        }
        let _ = self.verdict.set(verdict);
        self.wake.notify_one();
    }

    /// Whether commands may be sent.
    pub(super) fn is_sound(&self) -> bool {
        matches!(self.verdict.get(), Some(None))
    }

    /// Fails what waits, where the collection has a fault.
    pub(super) fn refuse_faulty(&self, work: &mut Work) {
        if let Some(Some(error)) = self.verdict.get() {
            self.fail_all(work, error);
        }
    }
}
