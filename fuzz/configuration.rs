//! Connection strings and options that make no sense, or some. An error or a warning shows no password.
//!
//! The first line is what follows the password in the connection string, the rest is JSON of `mongoOptions`.
#![no_main]

use connect_mongo_native::options::{ConnectionSpec, config::StoreConfig};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const PASSWORD: &str = "hunter2-is-a-secret";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = StoreConfig::from_json(text) {
        shows_nothing(&error.message);
    }
    let (rest, options) = text.split_once('\n').unwrap_or((text, ""));
    let options = serde_json::from_str::<Value>(options).ok().filter(Value::is_object);
    for dialect in ["modern", "legacy"] {
        let config = json!({
            "uri": format!("mongodb://user:{PASSWORD}@{rest}"),
            "dialect": dialect,
            "options": options.clone().unwrap_or(json!({})),
            "collection": "sessions",
            "layout": { "kind": "connect-mongo", "timestamps": false, "background": false, "maxLifetimeMS": null },
            "autoRemove": "native",
        });
        let config = StoreConfig::from_json(&config.to_string()).expect("the shim's own JSON");
        match ConnectionSpec::parse(&config) {
            Ok(spec) => {
                spec.warnings.iter().for_each(|warning| shows_nothing(warning));
                shows_nothing(&format!("{spec:?}"));
            }
            Err(error) => shows_nothing(&error.message),
        }
    }
});

fn shows_nothing(text: &str) {
    assert!(!text.contains(PASSWORD), "{text}");
}
