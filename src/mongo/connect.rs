//! From a connection string to a client that has reached a server, and stays connected.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bson::doc;
use mongodb::options::{ReadPreference, SelectionCriteria};
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::AbortHandle,
};

use super::{
    context::{Context, Settings},
    runtime::Spawner,
    server_error,
    server_info::ServerInfo,
    topology::{Topology, View},
    watched_client::WatchedClient,
};
use crate::{
    error::{Error, Result},
    options::ConnectionSpec,
};

/// Between attempts to connect while operations ask for one.
const EAGER_RETRY: Duration = Duration::from_millis(100);
/// Between attempts while nobody asks: the heartbeat's default.
const IDLE_RETRY: Duration = Duration::from_secs(10);
/// A server that takes longer to say hello is asked again on another connection.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// `endSessions` and closing sockets may not hold up a close for longer.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// A client that has reached a server.
#[derive(Clone)]
pub struct Connected {
    servers: Arc<WatchedClient>,
    pub info: Arc<ServerInfo>,
}

#[derive(Clone)]
pub enum State {
    Connecting,
    Ready(Connected),
    /// The last attempt failed for a reason that waiting does not mend: credentials, TLS, an old server.
    Failed(Error),
}

/// A client on its way to the servers and back to them, for all stores that share it.
pub struct Connection {
    pub spec: ConnectionSpec,
    pub topology: Arc<Topology>,
    state: watch::Sender<State>,
    /// An operation wants a connection that has failed.
    demand: Notify,
    /// Collections in which no store has found a fault, so that another need not ask.
    sound: Mutex<HashSet<(String, String, bool)>>,
    /// One asks at a time: many stores that start together must not each open a connection for it.
    pub asking: Semaphore,
    client: Mutex<Option<Arc<WatchedClient>>>,
    connecting: Mutex<Option<AbortHandle>>,
}

impl Connection {
    /// Starts to connect.
    pub fn open(spec: ConnectionSpec, spawner: &Spawner) -> Arc<Self> {
        let connection = Arc::new(Self {
            spec,
            topology: Topology::new(),
            state: watch::Sender::new(State::Connecting),
            demand: Notify::new(),
            sound: Mutex::default(),
            asking: Semaphore::new(1),
            client: Mutex::default(),
            connecting: Mutex::default(),
        });
        let task = spawner.spawn(Arc::clone(&connection).keep_connected());
        *lock(&connection.connecting) = Some(task.abort_handle());
        connection
    }

    /// What a store's commands need, once there is a connection.
    pub fn context(&self, settings: &Arc<Settings>) -> Option<Context> {
        let State::Ready(Connected { servers, info }) = &*self.state.borrow() else { return None };
        Some(Context {
            database: servers.client.database(&settings.database),
            servers: Arc::clone(servers),
            info: Arc::clone(info),
            topology: Arc::clone(&self.topology),
            settings: Arc::clone(settings),
        })
    }

    /// Whether a store of this client has found no fault with this collection.
    pub fn is_sound(&self, settings: &Settings) -> bool {
        lock(&self.sound).contains(&place_of(settings))
    }

    pub fn remember_sound(&self, settings: &Settings) {
        lock(&self.sound).insert(place_of(settings));
    }

    pub fn is_ready(&self) -> bool {
        matches!(&*self.state.borrow(), State::Ready(_))
    }

    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Tries again now, if the last attempt has failed.
    pub fn ask(&self) {
        if matches!(&*self.state.borrow(), State::Failed(_)) {
            self.demand.notify_one();
        }
    }

    /// An old failure says nothing to a store that is new: it is tried again.
    pub fn forget_failure(&self) {
        let failed = self.state.send_if_modified(|state| {
            let failed = matches!(state, State::Failed(_));
            if failed {
                *state = State::Connecting;
            }
            failed
        });
        if failed {
            self.demand.notify_one();
        }
    }

    pub async fn shut_down(&self) {
        if let Some(task) = lock(&self.connecting).take() {
            task.abort();
        }
        self.state.send_replace(State::Connecting);
        self.drop_client().await;
        self.topology.reset();
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
                    // After a failed authentication the driver takes the server for unknown until its next heartbeat,
                    // 10 s later. Another client asks at once.
                    self.drop_client().await;
                    tokio::time::sleep(EAGER_RETRY.saturating_sub(started.elapsed())).await;
                    let _ = tokio::time::timeout(IDLE_RETRY, self.demand.notified()).await;
                    self.state.send_replace(State::Connecting);
                }
            }
        }
    }

    async fn connect(&self) -> Result<Connected> {
        let servers = self.client().await.map_err(|error| server_error::from_driver(&error, &[]))?;
        let anyone = SelectionCriteria::ReadPreference(ReadPreference::Nearest { options: None });
        let mut greeted = None;
        loop {
            let (asked_at, started) = (bson::DateTime::now().timestamp_millis(), Instant::now());
            let admin = servers.client.database("admin");
            let hello = admin.run_command(doc! { "hello": 1 }).selection_criteria(anyone.clone());
            match tokio::time::timeout(HELLO_LIMIT, hello.into_future()).await {
                Ok(Ok(hello)) => {
                    let info = ServerInfo::from_hello(&hello, asked_at, started.elapsed());
                    // The first one had to open a connection, and says nothing of the distance.
                    if greeted.replace(()).is_some() {
                        return Ok(Connected { info: Arc::new(info), servers });
                    }
                }
                // A server that steps down or shuts down says so, and another one takes its place.
                Ok(Err(error)) if server_error::is_retryable(&error) => {
                    tokio::time::sleep(EAGER_RETRY).await;
                }
                Ok(Err(error)) => return Err(explain(server_error::from_driver(&error, &[]))),
                Err(_too_slow) => {}
            }
        }
    }

    async fn client(&self) -> mongodb::error::Result<Arc<WatchedClient>> {
        if let Some(client) = &*lock(&self.client) {
            return Ok(Arc::clone(client));
        }
        let (options, _files_until_the_client_has_read_them) = self.spec.client_options().await?;
        let client = Arc::new(WatchedClient::open(options, &self.topology)?);
        *lock(&self.client) = Some(Arc::clone(&client));
        Ok(client)
    }

    async fn drop_client(&self) {
        let client = lock(&self.client).take();
        if let Some(client) = client {
            // A server that is down must not hold up a close; what is not ended by then, the server forgets by itself.
            let _ = tokio::time::timeout(SHUTDOWN_LIMIT, client.shut_down()).await;
        }
    }

    /// After an outage the server may be another one, of another version.
    async fn until_servers_return(&self) {
        let mut view = self.topology.watch();
        let _ = view.wait_for(|view| !view.is_writable()).await;
        let _ = view.wait_for(View::is_writable).await;
    }
}

fn place_of(settings: &Settings) -> (String, String, bool) {
    (settings.database.clone(), settings.target.collection.clone(), settings.compares_values)
}

/// The only selection error that ends before its time-out is a server outside the driver's range of versions.
fn explain(error: Error) -> Error {
    if error.name != "MongoServerSelectionError" {
        return error;
    }
    let message = format!(
        "{}. The native backend needs MongoDB 4.4 or newer; for older servers use the option backend: 'driver'",
        error.message.trim_end_matches('.')
    );
    Error { name: "MongoCompatibilityError", message, ..error }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
