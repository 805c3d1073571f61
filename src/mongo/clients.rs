//! Clients, shared by all stores of the process with the same URI and options, and counted.
//!
//! They live and die with the I/O thread that runs them, and so does the registry of those that are shared. The threads
//! start when they are first needed and end with the last environment (main thread or worker) that loaded the addon: an
//! environment that ends without closing its stores leaves nothing behind that the next one could be handed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use once_cell::sync::OnceCell;

use super::{
    connect::Connection,
    runtime::{IoThread, Spawner},
};
use crate::{
    error::Result,
    options::{CacheKey, ConnectionSpec},
};

#[derive(Default)]
struct Process {
    environments: usize,
    plain: OnceCell<Io>,
    compressing: OnceCell<Io>,
}

/// An I/O thread, with the clients that it runs.
struct Io {
    thread: IoThread,
    clients: Arc<Clients>,
}

#[derive(Default)]
struct Clients(Mutex<HashMap<CacheKey, Shared>>);

struct Shared {
    connection: Arc<Connection>,
    users: usize,
}

static PROCESS: Mutex<Option<Process>> = Mutex::new(None);

fn process() -> MutexGuard<'static, Option<Process>> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An environment (the main thread's or a worker's) has loaded the addon.
pub fn enter_environment() {
    process().get_or_insert_default().environments += 1;
}

/// The last environment takes the threads with it, and the clients with the threads.
pub fn leave_environment() {
    let ending = {
        let mut guard = process();
        let Some(process) = guard.as_mut() else { return };
        process.environments = process.environments.saturating_sub(1);
        if process.environments > 0 {
            return;
        }
        guard.take()
    };
    // Outside the lock: it waits for the threads.
    drop(ending);
}

/// A store's use of a client. It asks for one `release`.
pub struct Lease {
    pub connection: Arc<Connection>,
    pub spawner: Spawner,
    clients: Arc<Clients>,
    key: CacheKey,
}

/// The process's client for `spec`.
pub fn acquire(spec: ConnectionSpec) -> Result<Lease> {
    let mut guard = process();
    let process = guard.get_or_insert_default();
    let slot = if spec.compressors_set { &process.compressing } else { &process.plain };
    let io = slot.get_or_try_init(|| {
        IoThread::start(spec.compressors_set).map(|thread| Io { thread, clients: Arc::default() })
    })?;
    let spawner = io.thread.spawner();
    let key = spec.cache_key();
    let mut clients = io.clients.lock();
    let shared = clients.entry(key.clone()).or_insert_with(|| {
        let connection = Connection::open(spec, &spawner);
        Shared { connection, users: 0 }
    });
    shared.users += 1;
    let connection = Arc::clone(&shared.connection);
    drop(clients);
    // What another store has failed with is not this one's.
    connection.forget_failure();
    Ok(Lease { connection, spawner, clients: Arc::clone(&io.clients), key })
}

impl Lease {
    /// Disconnects when nobody else uses the client. Count and entry change together, before the shutdown begins: a
    /// store that comes meanwhile gets a client of its own.
    pub async fn release(&self) {
        {
            let mut clients = self.clients.lock();
            let Some(shared) = clients.get_mut(&self.key) else { return };
            shared.users -= 1;
            if shared.users > 0 {
                return;
            }
            clients.remove(&self.key);
        }
        self.connection.shut_down().await;
    }
}

impl Clients {
    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, Shared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
