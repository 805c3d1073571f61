//! What monitoring knows of the servers: who can be written to, who can be read from, since when nobody.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Instant,
};

use mongodb::{ServerType, TopologyType};
use mongodb::{
    event::{
        EventHandler,
        sdam::{SdamEvent, TopologyDescription},
    },
    options::{ReadPreference, SelectionCriteria, ServerAddress},
};
use tokio::sync::watch;

use super::server_error;
use crate::error::Error;

/// One state of the topology.
#[derive(Clone, Default)]
pub struct View {
    description: Option<Arc<TopologyDescription>>,
    /// Where writes go: a primary, a standalone server or the routers.
    pub(super) writable: Vec<ServerAddress>,
    /// Every server that replies.
    pub(super) known: Vec<ServerAddress>,
    /// Everyone whose last check failed.
    pub(super) failed: Vec<ServerAddress>,
    is_sharded: bool,
    /// The last error of monitoring, while nobody can be written to.
    pub last_error: Option<Error>,
}

impl View {
    pub(super) fn new(description: TopologyDescription) -> Self {
        let mut view = View::default();
        let servers = description.servers();
        for (address, server) in &servers {
            let data_bearing = matches!(
                server.server_type(),
                ServerType::Standalone
                    | ServerType::Mongos
                    | ServerType::RsPrimary
                    | ServerType::RsSecondary
                    | ServerType::LoadBalancer
            );
            if data_bearing {
                view.known.push((*address).clone());
            }
            let takes_writes = data_bearing
                && (server.server_type() != ServerType::RsSecondary
                    || description.topology_type() == TopologyType::Single);
            if takes_writes {
                view.writable.push((*address).clone());
            }
            if let Some(error) = server.error() {
                view.failed.push((*address).clone());
                view.last_error = Some(server_error::from_driver(error, &[]));
            }
        }
        view.is_sharded =
            matches!(description.topology_type(), TopologyType::Sharded | TopologyType::LoadBalanced);
        drop(servers);
        view.description = Some(Arc::new(description));
        view
    }

    pub fn is_writable(&self) -> bool {
        !self.writable.is_empty()
    }

    pub fn is_readable(&self, selection: Option<&SelectionCriteria>) -> bool {
        self.description
            .as_ref()
            .is_some_and(|description| description.has_readable_server(selection.cloned()))
    }

    /// Whether a server to which a command may have gone under `earlier` no longer plays its part. A secondary that goes
    /// away ends nothing that only the primary serves.
    pub fn has_lost(&self, earlier: &View, part: Part) -> bool {
        let (before, now) = match part {
            Part::Primary => (&earlier.writable, &self.writable),
            Part::Anyone => (&earlier.known, &self.known),
        };
        before.iter().any(|address| !now.contains(address))
    }
}

/// Which servers may serve a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    Primary,
    Anyone,
}

impl Part {
    /// `None`: the primary.
    pub fn of(selection: Option<&SelectionCriteria>) -> Self {
        match selection {
            None | Some(SelectionCriteria::ReadPreference(ReadPreference::Primary)) => Self::Primary,
            Some(_) => Self::Anyone,
        }
    }
}

/// Told of every change, on the thread that monitors: it must return at once.
pub trait Subscriber: Send + Sync {
    fn topology_changed(&self, view: &View);
}

/// What monitoring knows, shared between the driver's event handler and whoever asks.
pub struct Topology {
    view: watch::Sender<View>,
    subscribers: Mutex<Vec<Weak<dyn Subscriber>>>,
}

impl Topology {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { view: watch::Sender::new(View::default()), subscribers: Mutex::default() })
    }

    pub fn handler(self: &Arc<Self>) -> EventHandler<SdamEvent> {
        let topology = Arc::downgrade(self);
        EventHandler::callback(move |event| {
            if let SdamEvent::TopologyDescriptionChanged(change) = event
                && let Some(topology) = topology.upgrade()
            {
                topology.publish(View::new(change.new_description));
            }
        })
    }

    /// Nothing is known any more: the client is gone.
    pub fn reset(&self) {
        self.publish(View::default());
    }

    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    pub fn is(&self, what: impl Fn(&View) -> bool) -> bool {
        what(&self.view.borrow())
    }

    pub fn is_sharded(&self) -> bool {
        self.view.borrow().is_sharded
    }

    pub fn is_writable(&self) -> bool {
        self.view.borrow().is_writable()
    }

    pub fn watch(&self) -> watch::Receiver<View> {
        self.view.subscribe()
    }

    /// `subscriber` hears of the present state at once, and of every later one. It is known before it hears: a change
    /// meanwhile reaches it, too, and the state that it is given is always the present one.
    pub fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(Weak::clone(&subscriber));
        if let Some(subscriber) = subscriber.upgrade() {
            subscriber.topology_changed(&self.view.borrow());
        }
    }

    fn publish(&self, view: View) {
        self.view.send_replace(view);
        let subscribers: Vec<_> = {
            let mut all = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|subscriber| subscriber.strong_count() > 0);
            all.iter().filter_map(Weak::upgrade).collect()
        };
        for subscriber in subscribers {
            subscriber.topology_changed(&self.view.borrow());
        }
    }
}

/// Since when a store has had no server to send its reads or writes to.
#[derive(Clone, Copy, Debug)]
pub struct Unserved {
    pub writes_since: Option<Instant>,
    pub reads_since: Option<Instant>,
}

impl Unserved {
    pub fn from_now() -> Self {
        let now = Instant::now();
        Self { writes_since: Some(now), reads_since: Some(now) }
    }

    pub fn update(&mut self, writable: bool, readable: bool) {
        let now = Instant::now();
        self.writes_since = if writable { None } else { self.writes_since.or(Some(now)) };
        self.reads_since = if readable { None } else { self.reads_since.or(Some(now)) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn address(name: &str) -> ServerAddress {
        ServerAddress::parse(name).unwrap()
    }

    fn view(writable: &[&str], known: &[&str]) -> View {
        let addresses = |names: &[&str]| names.iter().map(|name| address(name)).collect();
        View { writable: addresses(writable), known: addresses(known), ..View::default() }
    }

    #[test]
    fn a_secondary_that_goes_away_ends_nothing_that_the_primary_serves() {
        let before = view(&["a"], &["a", "b"]);
        let without_secondary = view(&["a"], &["a"]);
        assert!(!without_secondary.has_lost(&before, Part::Primary));
        assert!(without_secondary.has_lost(&before, Part::Anyone), "it may have been the one");
        assert!(view(&["b"], &["a", "b"]).has_lost(&before, Part::Primary));
        let primary = SelectionCriteria::ReadPreference(ReadPreference::Primary);
        assert_eq!([Part::of(None), Part::of(Some(&primary))], [Part::Primary, Part::Primary]);
        let nearest = SelectionCriteria::ReadPreference(ReadPreference::Nearest { options: None });
        assert_eq!(Part::of(Some(&nearest)), Part::Anyone);
    }

    /// Remembers what it heard last.
    #[derive(Default)]
    struct Listener(AtomicBool);

    impl Subscriber for Listener {
        fn topology_changed(&self, view: &View) {
            self.0.store(view.is_writable(), Ordering::SeqCst);
        }
    }

    #[test]
    fn a_change_while_somebody_subscribes_reaches_them() {
        for _ in 0..2_000 {
            let topology = Topology::new();
            let listener = Arc::new(Listener::default());
            let publisher = {
                let topology = Arc::clone(&topology);
                std::thread::spawn(move || topology.publish(view(&["a"], &["a"])))
            };
            let subscriber: Weak<Listener> = Arc::downgrade(&listener);
            topology.subscribe(subscriber);
            publisher.join().unwrap();
            assert!(listener.0.load(Ordering::SeqCst), "there is a server, and nobody said so");
        }
    }
}
