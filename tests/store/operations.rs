//! Order, folding, bounds and deadlines of a store.

use std::time::{Duration, Instant};

use crate::helpers::{LATER, TestStore, dates, destroy, failed, found, get, set, touch, value};
use connect_mongo_native::session::{Outcome, Request};
use serde_json::json;

#[tokio::test]
async fn each_get_sees_the_set_before_it() {
    let store = TestStore::open("engine_order", json!({}));
    let mut gets = Vec::new();
    for number in 0..1000 {
        drop(store.submit(set("one", &number.to_string())));
        gets.push(store.submit(get("one")));
    }
    for (number, get) in gets.into_iter().enumerate() {
        assert_eq!(found(get.await), Some(number.to_string()));
    }
    store.close().await;
}

#[tokio::test]
async fn waiting_operations_leave_together() {
    let store = TestStore::open("engine_groups", json!({}));
    store.submit(Request::Clear).await.unwrap();
    let sets: Vec<_> = (0..256).map(|n| store.submit(set(&format!("id{n}"), "{}"))).collect();
    for set in sets {
        assert!(matches!(set.await, Ok(Outcome::Created)));
    }
    let gets: Vec<_> = (0..256).map(|n| store.submit(get(&format!("id{n}")))).collect();
    for get in gets {
        assert_eq!(found(get.await).as_deref(), Some("{}"));
    }
    assert!(store.commands("find") <= 8, "{}", store.stats());
    store.close().await;
}

#[tokio::test]
async fn folded_operations_each_get_their_own_result() {
    let store = TestStore::open("engine_folding", json!({}));
    store.submit(Request::Clear).await.unwrap();
    let early = store.submit(touch("new", LATER));
    let first = store.submit(set("new", "1"));
    let second = store.submit(set("new", "2"));
    let late = store.submit(touch("new", LATER + 1));
    let get = store.submit(get("new"));
    assert!(matches!(early.await, Ok(Outcome::Matched(false))), "there was nothing to touch yet");
    assert!(matches!(first.await, Ok(Outcome::Created)));
    assert!(matches!(second.await, Ok(Outcome::Updated)));
    assert!(matches!(late.await, Ok(Outcome::Matched(true))));
    let Ok(Outcome::Row(Some(row))) = get.await else { panic!("the row is there") };
    assert_eq!(row.dates.expires, Some(LATER + 1));
    store.close().await;
}

#[tokio::test]
async fn touches_match_one_by_one() {
    let store = TestStore::open("engine_touch", json!({}));
    store.submit(Request::Clear).await.unwrap();
    for id in ["here", "there"] {
        store.submit(set(id, "{}")).await.unwrap();
    }
    // Two commands are in flight, so the rest travels together.
    let pair = [store.submit(touch("x", LATER)), store.submit(touch("y", LATER))];
    let touches: Vec<_> = ["here", "gone", "there", "lost"].map(|id| store.submit(touch(id, LATER))).into();
    for touch in pair {
        assert!(matches!(touch.await, Ok(Outcome::Matched(false))));
    }
    let mut matched = Vec::new();
    for touch in touches {
        matched.push(matches!(touch.await, Ok(Outcome::Matched(true))));
    }
    assert_eq!(matched, [true, false, true, false]);
    store.close().await;
}

#[tokio::test]
async fn barriers_see_what_came_before_and_hold_what_comes_after_a_clear() {
    let store = TestStore::open("engine_barriers", json!({}));
    drop(store.submit(Request::Clear));
    let sets: Vec<_> = (0..50).map(|n| store.submit(set(&format!("id{n}"), "{}"))).collect();
    let count = store.submit(Request::Count);
    let clear = store.submit(Request::Clear);
    let after = store.submit(set("after", "{}"));
    let last = store.submit(Request::Count);
    assert!(matches!(count.await, Ok(Outcome::Count(50))));
    clear.await.unwrap();
    assert!(matches!(after.await, Ok(Outcome::Created)));
    assert!(matches!(last.await, Ok(Outcome::Count(1))));
    for set in sets {
        set.await.unwrap();
    }
    store.close().await;
}

#[tokio::test]
async fn a_value_over_the_servers_limit_fails_alone() {
    let store = TestStore::open("engine_limits", json!({}));
    let huge = "x".repeat(17 << 20);
    let outcomes =
        [store.submit(set("a", "{}")), store.submit(set("b", &huge)), store.submit(set("c", "{}"))];
    let [first, second, third] = outcomes;
    first.await.unwrap();
    third.await.unwrap();
    let error = failed(second.await);
    assert_eq!((error.name, error.code), ("MongoServerError", Some(10334)));
    store.close().await;
}

#[tokio::test]
async fn a_destroyed_session_stays_away_and_may_return() {
    let store = TestStore::open("engine_destroy", json!({}));
    store.submit(set("a", "1")).await.unwrap();
    let destroyed = store.submit(destroy("a"));
    let gone = store.submit(get("a"));
    let again = store.submit(set("a", "2"));
    let back = store.submit(get("a"));
    assert!(matches!(destroyed.await, Ok(Outcome::Removed(true))));
    assert_eq!(found(gone.await), None);
    assert!(matches!(again.await, Ok(Outcome::Created)));
    assert_eq!(found(back.await).as_deref(), Some("2"));
    store.close().await;
}

#[tokio::test]
async fn a_payload_that_comes_late_keeps_its_place() {
    let store = TestStore::open("engine_places", json!({}));
    store.submit(set("a", "old")).await.unwrap();
    let (place, reserved) = store.reserve("a");
    let destroyed = store.submit(destroy("a"));
    let get = store.submit(get("a"));
    tokio::time::sleep(Duration::from_millis(20)).await;
    store.store.fill(place, value("late"), dates(LATER), None);
    assert!(matches!(reserved.await, Ok(Outcome::Updated)));
    assert!(matches!(destroyed.await, Ok(Outcome::Removed(true))));
    assert_eq!(found(get.await), None);

    let (place, reserved) = store.reserve("b");
    let behind = store.submit(set("b", "1"));
    store.store.withdraw(place);
    failed(reserved.await);
    assert!(matches!(behind.await, Ok(Outcome::Created | Outcome::Updated)));
    store.close().await;
}

/// A port on which nothing listens.
fn nobody() -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("mongodb://127.0.0.1:{port}/")
}

#[tokio::test]
async fn without_a_server_operations_end_with_a_selection_error() {
    let options = json!({ "serverSelectionTimeoutMS": 300 });
    let store = TestStore::open("engine_nobody", json!({ "uri": nobody(), "options": options }));
    let started = Instant::now();
    let (read, write) = (store.submit(get("a")), store.submit(set("a", "{}")));
    for outcome in [read.await, write.await] {
        let error = failed(outcome);
        assert_eq!(error.name, "MongoServerSelectionError");
        assert!(error.cause.is_some(), "the last error of monitoring: {error}");
    }
    assert!(started.elapsed() < Duration::from_secs(3));
    store.close().await;
}

#[tokio::test]
async fn with_equal_limits_it_is_the_selection_that_failed() {
    let options = json!({ "serverSelectionTimeoutMS": 300 });
    let store = TestStore::open(
        "engine_limits",
        json!({ "uri": nobody(), "options": options, "operationTimeoutMS": 300 }),
    );
    let (read, write) = (store.submit(get("a")), store.submit(set("a", "{}")));
    for outcome in [read.await, write.await] {
        let error = failed(outcome);
        assert_eq!(error.name, "MongoServerSelectionError");
        assert!(error.cause.is_some(), "the last error of monitoring: {error}");
    }
    store.close().await;
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let store = TestStore::open(
        "engine_bounds",
        json!({ "uri": nobody(), "maxQueue": 10, "operationTimeoutMS": 200 }),
    );
    let waiting: Vec<_> = (0..10).map(|n| store.submit(get(&format!("id{n}")))).collect();
    assert_eq!(failed(store.submit(get("one more")).await).name, "MongoQueueFullError");
    for outcome in waiting {
        let error = failed(outcome.await);
        assert_eq!(error.name, "MongoOperationTimeoutError");
        assert!(error.message.contains("not sent"), "{error}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses_and_has_finished_what_it_accepted() {
    let store = TestStore::open("engine_close", json!({}));
    let set = store.submit(set("a", "{}"));
    store.close().await;
    assert!(set.await.is_ok());
    assert_eq!(failed(store.submit(get("a")).await).name, "MongoClientClosedError");
    store.close().await;
}
