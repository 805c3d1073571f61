//! Connections to one MongoDB deployment, shared by all stores of the process with the same URI and options.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bson::{Document, doc};
use mongodb::{
    Client,
    options::{ReadPreference, SelectionCriteria},
};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};

use crate::{
    client_options::{CacheKey, ConnectionSpec},
    error::{Error, Result},
    failure,
    monitor::Monitor,
    runtime,
};

/// Between attempts to connect while operations ask for one.
const EAGER_RETRY: Duration = Duration::from_millis(100);
/// Between attempts while nobody asks: the heartbeat's default.
const IDLE_RETRY: Duration = Duration::from_secs(10);
/// A server that takes longer to say hello is asked again on another connection.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);
/// `endSessions` and closing sockets may not hold up a close for longer.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(2);

/// What the server said of itself.
#[derive(Debug)]
pub struct Facts {
    pub max_document_bytes: usize,
    pub max_statements: usize,
    /// Replica sets and sharded clusters answer a resent write without doing it again.
    transaction_numbers: AtomicBool,
    /// The server's clock less ours.
    clock_offset_millis: i64,
}

impl Facts {
    fn from_hello(hello: &Document, asked_at_millis: i64) -> Self {
        let number =
            |name| hello.get(name).and_then(failure::integer).and_then(|number| usize::try_from(number).ok());
        let sessions = hello.contains_key("logicalSessionTimeoutMinutes");
        let logged = hello.contains_key("setName")
            || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
            || hello.contains_key("serviceId");
        let local_time =
            hello.get_datetime("localTime").map_or(asked_at_millis, |time| time.timestamp_millis());
        Self {
            max_document_bytes: number("maxBsonObjectSize").unwrap_or(16 << 20),
            max_statements: number("maxWriteBatchSize").unwrap_or(1000),
            transaction_numbers: AtomicBool::new(sessions && logged),
            clock_offset_millis: local_time - asked_at_millis,
        }
    }

    pub fn transaction_numbers(&self) -> bool {
        self.transaction_numbers.load(Ordering::Relaxed)
    }

    /// The server has refused them (code 20).
    pub fn renounce_transaction_numbers(&self) {
        self.transaction_numbers.store(false, Ordering::Relaxed);
    }

    pub fn server_millis(&self) -> i64 {
        bson::DateTime::now().timestamp_millis() + self.clock_offset_millis
    }
}

#[derive(Clone)]
pub struct Connected {
    pub client: Client,
    pub facts: Arc<Facts>,
}

#[derive(Clone)]
pub enum State {
    Connecting,
    Ready(Connected),
    /// The last attempt failed for a reason that waiting does not mend: credentials, TLS, an old server.
    Failed(Error),
}

pub struct Deployment {
    pub spec: ConnectionSpec,
    pub monitor: Arc<Monitor>,
    pub runtime: runtime::Handle,
    key: CacheKey,
    state: watch::Sender<State>,
    /// An operation wants a connection that has failed.
    demand: Notify,
    client: Mutex<Option<Client>>,
    connecting: Mutex<Option<AbortHandle>>,
}

struct Shared {
    deployment: Arc<Deployment>,
    users: usize,
}

static DEPLOYMENTS: Mutex<Option<HashMap<CacheKey, Shared>>> = Mutex::new(None);

fn deployments() -> MutexGuard<'static, Option<HashMap<CacheKey, Shared>>> {
    DEPLOYMENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Deployment {
    /// The process's connections for `spec`; each `acquire` asks for one `release`.
    pub fn acquire(spec: ConnectionSpec) -> Result<Arc<Self>> {
        let mut guard = deployments();
        let all = guard.get_or_insert_default();
        let key = spec.cache_key();
        if let Some(shared) = all.get_mut(&key) {
            shared.users += 1;
            return Ok(Arc::clone(&shared.deployment));
        }
        let deployment = Arc::new(Self {
            runtime: runtime::handle(spec.compressors_set)?,
            spec,
            monitor: Monitor::new(),
            key: key.clone(),
            state: watch::Sender::new(State::Connecting),
            demand: Notify::new(),
            client: Mutex::default(),
            connecting: Mutex::default(),
        });
        let task = deployment.runtime.spawn(Arc::clone(&deployment).keep_connected());
        *lock(&deployment.connecting) = Some(task.abort_handle());
        all.insert(key, Shared { deployment: Arc::clone(&deployment), users: 1 });
        Ok(deployment)
    }

    /// Disconnects when nobody else uses the connections. Count and map entry change together, before the shutdown
    /// begins: who comes meanwhile gets connections of its own.
    pub async fn release(self: Arc<Self>) {
        {
            let mut guard = deployments();
            let all = guard.get_or_insert_default();
            let Some(shared) = all.get_mut(&self.key) else {
                return;
            };
            shared.users -= 1;
            if shared.users > 0 {
                return;
            }
            all.remove(&self.key);
        }
        if let Some(task) = lock(&self.connecting).take() {
            task.abort();
        }
        let client = lock(&self.client).take();
        self.state.send_replace(State::Connecting);
        if let Some(client) = client {
            // A server that is down must not hold up a close; what is not ended by then, the server forgets by itself.
            let _ = tokio::time::timeout(SHUTDOWN_PATIENCE, client.shutdown().immediate(true)).await;
        }
        self.monitor.reset();
    }

    pub fn connected(&self) -> Option<Connected> {
        if let State::Ready(connected) = &*self.state.borrow() { Some(connected.clone()) } else { None }
    }

    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Tries again now, if the last attempt failed.
    pub fn ask(&self) {
        if matches!(&*self.state.borrow(), State::Failed(_)) {
            self.demand.notify_one();
        }
    }

    async fn keep_connected(self: Arc<Self>) {
        loop {
            let started = Instant::now();
            match self.connect().await {
                Ok(connected) => {
                    self.state.send_replace(State::Ready(connected));
                    self.until_servers_return().await;
                }
                Err(error) => {
                    self.state.send_replace(State::Failed(error));
                    tokio::time::sleep(EAGER_RETRY.saturating_sub(started.elapsed())).await;
                    let _ = tokio::time::timeout(IDLE_RETRY, self.demand.notified()).await;
                    self.state.send_replace(State::Connecting);
                }
            }
        }
    }

    async fn connect(&self) -> Result<Connected> {
        let client = self.client().await.map_err(|error| failure::from_driver(&error, &[]))?;
        let anyone = SelectionCriteria::ReadPreference(ReadPreference::Nearest { options: None });
        loop {
            let asked_at = bson::DateTime::now().timestamp_millis();
            let admin = client.database("admin");
            let hello = admin.run_command(doc! { "hello": 1 }).selection_criteria(anyone.clone());
            match tokio::time::timeout(HELLO_PATIENCE, hello.into_future()).await {
                Ok(Ok(hello)) => {
                    return Ok(Connected { facts: Arc::new(Facts::from_hello(&hello, asked_at)), client });
                }
                Ok(Err(error)) if failure::is_network_error(&error) => tokio::time::sleep(EAGER_RETRY).await,
                Ok(Err(error)) => return Err(self.explain(failure::from_driver(&error, &[]))),
                Err(_too_slow) => {}
            }
        }
    }

    async fn client(&self) -> mongodb::error::Result<Client> {
        if let Some(client) = &*lock(&self.client) {
            return Ok(client.clone());
        }
        let (mut options, _files_until_the_client_has_read_them) = self.spec.client_options().await?;
        options.sdam_event_handler = Some(self.monitor.handler());
        let client = Client::with_options(options)?;
        *lock(&self.client) = Some(client.clone());
        Ok(client)
    }

    /// The only selection error that ends before its time-out is a server outside the driver's range of versions.
    fn explain(&self, error: Error) -> Error {
        if error.name != "MongoServerSelectionError" {
            return error;
        }
        let message = format!(
            "{}. The native backend needs MongoDB 4.4 or newer; for older servers use the option backend: 'driver'",
            error.message.trim_end_matches('.')
        );
        Error { name: "MongoCompatibilityError", message, ..error }
    }

    /// After an outage the server may be another one, of another version.
    async fn until_servers_return(&self) {
        let mut view = self.monitor.watch();
        let _ = view.wait_for(|view| !view.is_writable()).await;
        let _ = view.wait_for(super::monitor::View::is_writable).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_go_by_the_servers_clock() {
        let now = bson::DateTime::now().timestamp_millis();
        let hour = 3_600_000;
        let hello = doc! { "localTime": bson::DateTime::from_millis(now - hour) };
        let facts = Facts::from_hello(&hello, now);
        let ahead = bson::DateTime::now().timestamp_millis() - facts.server_millis();
        assert!((hour - 1000..=hour + 1000).contains(&ahead), "{ahead} ms ahead of the server");
    }

    #[test]
    fn transaction_numbers_need_sessions_and_an_oplog() {
        let numbers = |hello: Document| Facts::from_hello(&hello, 0).transaction_numbers();
        assert!(numbers(doc! { "setName": "rs0", "logicalSessionTimeoutMinutes": 30 }));
        assert!(numbers(doc! { "msg": "isdbgrid", "logicalSessionTimeoutMinutes": 30 }));
        assert!(!numbers(doc! { "logicalSessionTimeoutMinutes": 30 }), "a standalone server");
        assert!(!numbers(doc! { "setName": "rs0" }), "a server without sessions");
    }
}
