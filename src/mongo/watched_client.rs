//! A client that recovers from a broken connection at once, and hears of a new primary at once.
//!
//! The driver offers one or the other. While its monitor streams, it hears of changes at once, but an error of an
//! operation cancels its check, and then it sleeps for 500 ms (mongodb 3.9.1, `sdam/monitor.rs`, `execute`): one cut
//! connection held up every operation for 505 ms (measured; Node.js: 10). While it polls, it checks when it is asked
//! (measured: 4 ms), but hears of a new primary at its next heartbeat, up to 10 s later.
//!
//! So there are two clients. One runs the commands, and polls. The other runs nothing, streams, and watches: everybody
//! goes by its view, and when it knows of something that the first one does not, the first one is made to check
//! (measured: a cut connection 2.4 ms, a step-down 13 ms after the election). It takes one more socket per server.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bson::rawdoc;
use mongodb::{
    Client,
    event::{EventHandler, sdam::SdamEvent},
    options::{ClientOptions, SelectionCriteria, ServerAddress, ServerMonitoringMode},
};
use tokio::{sync::watch, task::AbortHandle, time::timeout};

use super::topology::{Topology, View};

/// A monitor checks no sooner than 500 ms after its last check; then it has had its turn.
const CHECK_LIMIT: Duration = Duration::from_secs(1);
/// Between two selections that nothing satisfies: each fails at once with a server that is too old.
const CHECK_SPACING: Duration = Duration::from_millis(100);

pub struct WatchedClient {
    /// Tells this client from the ones before it.
    pub number: u64,
    /// Runs the commands.
    pub client: Client,
    /// `None` where the driver only polls, or does not monitor at all.
    watcher: Option<Client>,
    follower: Option<AbortHandle>,
}

/// How often each server has been checked.
type Checks = HashMap<ServerAddress, u64>;

impl WatchedClient {
    /// `topology` hears of every change from now on.
    pub fn open(options: ClientOptions, topology: &Arc<Topology>) -> mongodb::error::Result<Self> {
        static CLIENTS: AtomicU64 = AtomicU64::new(0);
        let number = CLIENTS.fetch_add(1, Ordering::Relaxed);
        if !streams(&options) {
            let mut options = options;
            options.sdam_event_handler = Some(topology.handler());
            return Ok(Self {
                number,
                client: Client::with_options(options)?,
                watcher: None,
                follower: None,
            });
        }
        let (views, view) = watch::channel(View::default());
        let (counts, checks) = watch::channel(Checks::new());
        let mut of_commands = options.clone();
        of_commands.server_monitoring_mode = Some(ServerMonitoringMode::Poll);
        of_commands.sdam_event_handler = Some(following(views, counts));
        let mut of_watcher = options;
        of_watcher.server_monitoring_mode = Some(ServerMonitoringMode::Stream);
        of_watcher.sdam_event_handler = Some(topology.handler());
        of_watcher.min_pool_size = None;
        // Monitors do not authenticate.
        of_watcher.credential = None;
        let client = Client::with_options(of_commands)?;
        let watcher = Client::with_options(of_watcher)?;
        let following = keep_in_step(client.clone(), view, checks, topology.watch());
        let follower = Some(tokio::spawn(following).abort_handle());
        Ok(Self { number, client, watcher: Some(watcher), follower })
    }

    /// Returns when there is a server for a command. Without this, a command that waits inside the driver keeps its
    /// monitors from hearing of a new primary for up to 500 ms.
    pub async fn until_served(&self, topology: &Topology, selection: Option<&SelectionCriteria>) {
        let Some(watcher) = &self.watcher else { return };
        let suits = |view: &View| match selection {
            None => view.is_writable(),
            selection => view.is_readable(selection),
        };
        if topology.is(suits) {
            return;
        }
        let mut view = topology.watch();
        tokio::select! {
            // Unasked, the watcher tries a server that is down once per heartbeat.
            () = check_for_ever(watcher) => {}
            _ = view.wait_for(suits) => {}
        }
    }

    pub async fn shut_down(&self) {
        if let Some(follower) = &self.follower {
            follower.abort();
        }
        if let Some(watcher) = &self.watcher {
            watcher.clone().shutdown().immediate(true).await;
        }
        self.client.clone().shutdown().immediate(true).await;
    }
}

/// Whether the driver would stream. In functions as a service it does not, unless it is told to.
fn streams(options: &ClientOptions) -> bool {
    const FUNCTIONS: [&str; 6] = [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_EXECUTION_ENV",
        "FUNCTIONS_WORKER_RUNTIME",
        "K_SERVICE",
        "FUNCTION_NAME",
        "VERCEL",
    ];
    let is_function = || FUNCTIONS.iter().any(|name| std::env::var_os(name).is_some());
    match options.server_monitoring_mode {
        _ if options.load_balanced == Some(true) => false,
        Some(ServerMonitoringMode::Poll) => false,
        Some(ServerMonitoringMode::Stream) => true,
        _ => !is_function(),
    }
}

/// Has the client check when the watcher sees a server that takes writes and the client does not know it, or an error of
/// a server that was known: the client's own idle monitoring connection is broken then, too. On nothing else: a check that
/// is not needed delays the next one by 500 ms.
async fn keep_in_step(
    client: Client,
    own_view: watch::Receiver<View>,
    mut checks: watch::Receiver<Checks>,
    mut watched: watch::Receiver<View>,
) {
    let mut before = View::default();
    while watched.changed().await.is_ok() {
        let now = watched.borrow_and_update().clone();
        let wanted: Vec<ServerAddress> = {
            let own = own_view.borrow();
            let broken = before.known.iter().filter(|address| now.failed.contains(address));
            let unknown = now.writable.iter().filter(|address| !own.writable.contains(address));
            broken.chain(unknown).cloned().collect()
        };
        before = now;
        if wanted.is_empty() {
            continue;
        }
        let earlier = checks.borrow().clone();
        let checked =
            |checks: &Checks| wanted.iter().all(|address| checks.get(address) != earlier.get(address));
        tokio::select! {
            _ = timeout(CHECK_LIMIT, check_for_ever(&client)) => {}
            _ = checks.wait_for(checked) => {}
        }
    }
}

/// All idle monitors check for as long as this runs: it selects a server, and none will do.
async fn check_for_ever(client: &Client) {
    let nobody = SelectionCriteria::Predicate(Arc::new(|_| false));
    let admin = client.database("admin");
    loop {
        let command = admin.run_raw_command(rawdoc! { "ping": 1 });
        let _ = command.selection_criteria(nobody.clone()).await;
        tokio::time::sleep(CHECK_SPACING).await;
    }
}

fn following(views: watch::Sender<View>, counts: watch::Sender<Checks>) -> EventHandler<SdamEvent> {
    let count = move |address: ServerAddress| {
        counts.send_modify(|counts| *counts.entry(address).or_default() += 1);
    };
    EventHandler::callback(move |event| match event {
        SdamEvent::TopologyDescriptionChanged(change) => {
            views.send_replace(View::new(change.new_description));
        }
        SdamEvent::ServerHeartbeatSucceeded(check) => count(check.server_address),
        SdamEvent::ServerHeartbeatFailed(check) => count(check.server_address),
        _ => {}
    })
}
