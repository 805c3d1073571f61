//! Rows of session-mongoose, whose session ids are no `_id`s.

use crate::helpers::{LATER, TestStore, destroy, found, get, set, touch, value};
use connect_mongo_native::session::{Dates, Id, NEVER, Outcome, Request, Scan};
use serde_json::{Value as Json, json};

fn open(collection: &str, ttl_seconds: Json) -> TestStore {
    TestStore::open(
        collection,
        json!({ "layout": { "kind": "session-mongoose", "ttlSeconds": ttl_seconds } }),
    )
}

fn set_for_ever(id: &str, text: &str) -> Request {
    let dates = Dates { expires: Some(NEVER), last_modified: None };
    Request::Set { id: Id::text(id.as_bytes()), value: value(text), dates, expected: None }
}

#[tokio::test]
async fn each_destroy_is_told_what_it_removed() {
    let store = open("session_mongoose_destroy", Json::Null);
    store.submit(Request::Clear).await.unwrap();
    for number in (0..64).step_by(3) {
        store.submit(set(&format!("id{number}"), "{}")).await.unwrap();
    }
    let destroys: Vec<_> =
        (0..64).map(|number| (number, store.submit(destroy(&format!("id{number}"))))).collect();
    for (number, outcome) in destroys {
        let Ok(Outcome::Removed(removed)) = outcome.await else { panic!("not the outcome of a destroy") };
        assert_eq!(removed, number % 3 == 0, "{number}");
    }
    store.close().await;
}

#[tokio::test]
async fn gets_and_touches_are_grouped_by_sid() {
    let store = open("session_mongoose_groups", Json::Null);
    store.submit(Request::Clear).await.unwrap();
    let sets: Vec<_> = (0..128).map(|number| store.submit(set(&format!("id{number}"), "{}"))).collect();
    for set in sets {
        assert!(matches!(set.await, Ok(Outcome::Created)));
    }
    let gets: Vec<_> = (0..256).map(|number| store.submit(get(&format!("id{number}")))).collect();
    for (number, get) in gets.into_iter().enumerate() {
        assert_eq!(found(get.await).is_some(), number < 128, "{number}");
    }
    let touches: Vec<_> =
        (0..256).map(|number| store.submit(touch(&format!("id{number}"), LATER + 1))).collect();
    for (number, touch) in touches.into_iter().enumerate() {
        let Ok(Outcome::Matched(matched)) = touch.await else { panic!("not the outcome of a touch") };
        assert_eq!(matched, number < 128, "{number}");
    }
    assert!(store.commands("find") <= 16, "{}", store.stats());
    store.close().await;
}

#[tokio::test]
async fn what_never_expires_is_found_before_and_after_it_is_stored() {
    for ttl_seconds in [Json::Null, json!(3600)] {
        let store = open("session_mongoose_never", ttl_seconds);
        drop(store.submit(Request::Clear));
        drop(store.submit(set("a", "1")));
        let stored = store.submit(set_for_ever("a", "2"));
        let behind = store.submit(get("a"));
        stored.await.unwrap();
        assert_eq!(found(behind.await).as_deref(), Some("2"));
        assert_eq!(found(store.submit(get("a")).await).as_deref(), Some("2"));
        store.close().await;
    }
}

#[tokio::test]
async fn scans_page_by_the_rows_place_and_give_sids() {
    let store = open("session_mongoose_scan", Json::Null);
    store.submit(Request::Clear).await.unwrap();
    let sets: Vec<_> = (0..25).map(|number| store.submit(set(&format!("id{number}"), "{}"))).collect();
    for set in sets {
        set.await.unwrap();
    }
    let (mut sids, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let scan = Scan { after, limit: 10, now: 0, ids_only: true };
        let Ok(Outcome::Page { rows, next, .. }) = store.submit(Request::Scan(scan)).await else {
            panic!("not the outcome of a scan")
        };
        sids.extend(rows.into_iter().map(|(id, _)| String::from_utf8(id.bytes().to_vec()).unwrap()));
        pages += 1;
        let Some(next) = next else { break };
        after = Some(next);
    }
    sids.sort();
    let mut expected: Vec<String> = (0..25).map(|number| format!("id{number}")).collect();
    expected.sort();
    assert_eq!((sids, pages), (expected, 3));
    store.close().await;
}
