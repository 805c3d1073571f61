//! Replies of a server that quotes what it was sent, or makes no sense. No message shows an id.
#![no_main]

use bson::Document;
use connect_mongo_native::{command::reply, error::Error, session::Id};
use libfuzzer_sys::fuzz_target;

const SID: &str = "a-secret-session-id";

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::from_reader(bytes) else { return };
    let id = Id::text(SID.as_bytes());
    reply::asks_for_retry(&document);
    for unacknowledged in [true, false] {
        let reply = reply::write_reply(&document, &[&id], |index| index % 2 == 0, unacknowledged);
        let failures = reply.errors.iter().map(|(_, error)| error).chain(reply.write_concern_error.as_ref());
        failures.for_each(shows_nothing);
    }
    if let Some(text) = document.get("errmsg").and_then(|text| text.as_str()) {
        let quoting = Document::from_iter([("errmsg".to_owned(), format!("{text}{SID}{text}").into())]);
        shows_nothing(&reply::error_of(&quoting, &[&id]));
    }
});

fn shows_nothing(error: &Error) {
    assert!(!error.message.contains(SID), "{}", error.message);
}
