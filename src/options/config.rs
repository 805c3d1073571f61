//! What the shim hands over once: the JSON that `open` receives.
//!
//! The shim has checked the store's own options; `uri` and `options` arrive as the app gave them, and
//! `client_options` gives them the meaning that the Node.js driver gives them.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::command::layout::Layout;
use crate::error::{Error, Result};

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreConfig {
    /// The connection string as the app gave it, credentials included.
    pub uri: String,
    /// The store's `dbName`; it beats every database named elsewhere.
    #[serde(default)]
    pub db_name: Option<String>,
    pub dialect: Dialect,
    /// `mongoOptions` made JSON: a Buffer is its text, a function `{"$unsupported": "function"}`, another
    /// object that is not plain `{"$unsupported": "<constructor's name>"}`.
    #[serde(default)]
    pub options: Map<String, Value>,
    pub collection: String,
    pub layout: Layout,
    /// Names of the fields beside a session, which are indexed whatever `auto_remove` says.
    #[serde(default)]
    pub fields: Vec<String>,
    pub auto_remove: AutoRemove,
    /// Between two sweeps in interval mode. Fractions are allowed.
    #[serde(default = "default_sweep_interval", rename = "sweepIntervalMS", deserialize_with = "millis")]
    pub sweep_interval: Duration,
    /// `writeOperationOptions`: takes the place of the connection's write concern as a whole.
    #[serde(default)]
    pub write_concern: Option<Map<String, Value>>,
    /// Whether stored values are compared: the store's `conflicts`.
    #[serde(default)]
    pub compares_values: bool,
    /// `None`: the engine's default, the larger of 30 s and the server selection timeout.
    #[serde(default, rename = "operationTimeoutMS", deserialize_with = "optional_millis")]
    pub operation_timeout: Option<Duration>,
    /// `None`: the engine's default.
    #[serde(default)]
    pub max_queue: Option<usize>,
    /// PEM text of Node's `tls.rootCertificates` followed by the certificates of `NODE_EXTRA_CA_CERTS`. The
    /// shim sets it only if that variable is set. It is used when TLS is on and no CA is configured: the
    /// driver's `ca_file_path` replaces its bundled roots (driver `runtime/tls_rustls.rs:72`), hence the
    /// roots in here.
    #[serde(default, rename = "extraCA")]
    pub extra_ca: Option<String>,
}

/// Whose rules hold where the majors of the Node.js driver differ.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Driver 3.x: an unknown option is a warning, a single host is connected to directly.
    Legacy,
    /// Driver 4 and later: an unknown option is an error.
    Modern,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum AutoRemove {
    Native,
    Interval,
    Disabled,
}

impl StoreConfig {
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|error| {
            Error::new(
                "MongoInvalidArgumentError",
                format!("The store's configuration is invalid: {}", without_values(&error.to_string())),
            )
        })
    }
}

/// No derived `Debug`: `uri` and `options` hold secrets.
impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("dialect", &self.dialect)
            .field("collection", &self.collection)
            .finish_non_exhaustive()
    }
}

/// connect-mongo's `autoRemoveInterval`, 10 minutes.
fn default_sweep_interval() -> Duration {
    Duration::from_secs(600)
}

fn millis<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Duration, D::Error> {
    let millis = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(millis / 1000.0)
        .map_err(|_| serde::de::Error::custom("a time in milliseconds must be a number from 0 up"))
}

fn optional_millis<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    struct Millis(#[serde(deserialize_with = "millis")] Duration);
    Ok(Option::<Millis>::deserialize(deserializer)?.map(|Millis(duration)| duration))
}

/// serde_json quotes an unexpected string in its message, and here it may be a password.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if last > first => {
            format!("{}…{}", &message[..first], &message[last + 1..])
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::layout::{ConnectMongo, SessionMongoose};
    use serde_json::json;

    fn minimal() -> Value {
        json!({
            "uri": "mongodb://localhost",
            "dialect": "modern",
            "collection": "sessions",
            "layout": { "kind": "connect-mongo" },
            "autoRemove": "native",
        })
    }

    fn with(changes: Value) -> Result<StoreConfig> {
        let mut config = minimal();
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        StoreConfig::from_json(&config.to_string())
    }

    #[test]
    fn defaults() {
        let config = with(json!({})).unwrap();
        assert_eq!(config.sweep_interval, Duration::from_secs(600));
        assert_eq!(
            config.layout,
            Layout::ConnectMongo(ConnectMongo {
                timestamps: false,
                background: false,
                max_lifetime_millis: None
            })
        );
        assert!(config.db_name.is_none() && config.operation_timeout.is_none() && config.max_queue.is_none());
        assert!(config.options.is_empty() && config.write_concern.is_none() && config.extra_ca.is_none());
    }

    #[test]
    fn everything_that_the_contract_names() {
        let config = with(json!({
            "dbName": "app",
            "dialect": "legacy",
            "options": { "ssl": true },
            "layout": { "kind": "session-mongoose", "ttlSeconds": 2 },
            "autoRemove": "interval",
            "sweepIntervalMS": 0.5,
            "writeConcern": { "w": "majority" },
            "operationTimeoutMS": 250,
            "maxQueue": 10,
            "extraCA": "-----BEGIN CERTIFICATE-----",
        }))
        .unwrap();
        assert_eq!(config.dialect, Dialect::Legacy);
        assert_eq!(config.layout, Layout::SessionMongoose(SessionMongoose { ttl_seconds: Some(2) }));
        assert_eq!(config.auto_remove, AutoRemove::Interval);
        assert_eq!(config.sweep_interval, Duration::from_micros(500));
        assert_eq!(config.operation_timeout, Some(Duration::from_millis(250)));
        assert_eq!(config.max_queue, Some(10));
        let nulls = with(
            json!({ "dbName": null, "writeConcern": null, "operationTimeoutMS": null, "maxQueue": null }),
        );
        assert!(nulls.unwrap().operation_timeout.is_none());
    }

    #[test]
    fn errors_say_what_is_wrong_and_print_no_value() {
        for (changes, expected) in [
            (json!({ "dialect": "ancient" }), "unknown variant `ancient`"),
            (json!({ "layout": { "kind": "other" } }), "unknown variant `other`"),
            (json!({ "surprise": 1 }), "unknown field `surprise`"),
            (json!({ "sweepIntervalMS": -1 }), "a time in milliseconds must be"),
            (json!({ "options": "s3cr\"et" }), "invalid type: string …, expected a map"),
            (json!({ "operationTimeoutMS": "s3cret" }), "invalid type: string …"),
        ] {
            let error = with(changes).unwrap_err();
            assert_eq!(error.name, "MongoInvalidArgumentError");
            assert!(error.message.contains(expected), "{}", error.message);
            assert!(!error.message.contains("s3cr"), "{}", error.message);
        }
        let config = with(json!({ "uri": "mongodb://u:s3cret@h" })).unwrap();
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
