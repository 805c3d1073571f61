//! A store without Node.js: operations as futures.

use std::{
    collections::HashMap,
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use connect_mongo_native::{
    error::{Error, Result},
    options::config::StoreConfig,
    session::{Dates, Id, Outcome, Request, Value, bson_type},
    store::{
        Store, Submitted,
        sink::{Event, Sink},
        ticket::Ticket,
    },
};
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

/// Far enough in the future for every test: 2100-01-01.
pub const LATER: i64 = 4_102_444_800_000;

#[derive(Default)]
pub struct Answers {
    waiting: Mutex<HashMap<usize, oneshot::Sender<Result<Outcome>>>>,
    pub events: Mutex<Vec<Event>>,
    store: Mutex<Option<std::sync::Weak<Store>>>,
}

impl Sink for Answers {
    fn settle(&self, ticket: &Ticket, outcome: Result<Outcome>) {
        ticket.delivered();
        let store = self.store.lock().unwrap().as_ref().and_then(std::sync::Weak::upgrade);
        if let Some(store) = store {
            store.delivered(outcome.as_ref().map_or(0, Outcome::bytes));
        }
        let sender =
            self.waiting.lock().unwrap().remove(&ticket.token).expect("one outcome for each operation");
        // The test may have stopped waiting.
        let _ = sender.send(outcome);
    }

    fn event(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

pub struct TestStore {
    pub store: Arc<Store>,
    pub answers: Arc<Answers>,
    next_token: AtomicUsize,
}

/// The server that the test runner started.
pub fn server() -> String {
    env::var("MONGODB_URL").expect("MONGODB_URL names the server to test against; `npm test` starts one")
}

impl TestStore {
    /// `overrides` go over the configuration that the shim would send.
    pub fn open(collection: &str, overrides: Json) -> Self {
        let mut config = json!({
            "uri": server(),
            "dbName": "connect-mongo-test",
            "dialect": "modern",
            "options": {},
            "collection": collection,
            "layout": { "kind": "connect-mongo" },
            "autoRemove": "disabled",
        });
        config.as_object_mut().unwrap().extend(overrides.as_object().unwrap().clone());
        let answers = Arc::new(Answers::default());
        let config = StoreConfig::from_json(&config.to_string()).unwrap();
        let store = Store::open(config, Arc::clone(&answers) as Arc<dyn Sink>).unwrap();
        *answers.store.lock().unwrap() = Some(Arc::downgrade(&store));
        Self { store, answers, next_token: AtomicUsize::new(0) }
    }

    /// The operation takes its place now; the outcome is awaited.
    pub fn submit(&self, request: Request) -> impl Future<Output = Result<Outcome>> + use<> {
        let (submitted, outcome) = self.start(|store, token| store.submit(request, token));
        assert!(matches!(submitted, Submitted::Accepted(_)), "there is room");
        async move { outcome.await.expect("every operation has an outcome") }
    }

    /// The sequence number of a set whose value is to come.
    pub fn reserve(&self, id: &str) -> (u64, impl Future<Output = Result<Outcome>> + use<>) {
        let request = Request::Reserve { id: Id::text(id.as_bytes()), bytes: 16 };
        let ((sequence, _), outcome) = self.start(|store, token| store.reserve(request, token));
        (sequence, async move { outcome.await.expect("every operation has an outcome") })
    }

    pub async fn close(&self) {
        self.start(|store, token| store.close(token)).1.await.unwrap().unwrap();
    }

    pub fn stats(&self) -> Json {
        serde_json::from_str(&self.store.stats()).unwrap()
    }

    pub fn commands(&self, verb: &str) -> u64 {
        self.stats()["commands"][verb].as_u64().unwrap()
    }

    fn start<T>(
        &self,
        submit: impl FnOnce(&Arc<Store>, usize) -> T,
    ) -> (T, oneshot::Receiver<Result<Outcome>>) {
        let token = self.next_token.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.answers.waiting.lock().unwrap().insert(token, sender);
        let submitted = submit(&self.store, token);
        self.store.flush();
        (submitted, receiver)
    }
}

pub fn get(id: &str) -> Request {
    Request::Get { id: Id::text(id.as_bytes()), now: 0 }
}

pub fn set(id: &str, text: &str) -> Request {
    Request::Set { id: Id::text(id.as_bytes()), value: value(text), dates: dates(LATER), expected: None }
}

pub fn value(text: &str) -> Value {
    Value::new(bson_type::STRING, text.as_bytes())
}

pub fn touch(id: &str, expires: i64) -> Request {
    Request::Touch { id: Id::text(id.as_bytes()), dates: dates(expires) }
}

pub fn destroy(id: &str) -> Request {
    Request::Destroy { id: Id::text(id.as_bytes()) }
}

pub fn dates(expires: i64) -> Dates {
    Dates { expires: Some(expires), last_modified: None }
}

/// What a get found.
pub fn found(outcome: Result<Outcome>) -> Option<String> {
    match outcome.unwrap() {
        Outcome::Row(row) => row.map(|row| String::from_utf8(row.value.bytes.to_vec()).unwrap()),
        other => panic!("not the outcome of a get: {other:?}"),
    }
}

pub fn failed(outcome: Result<Outcome>) -> Error {
    outcome.expect_err("the operation should have failed")
}
