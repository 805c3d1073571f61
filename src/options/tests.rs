//! The whole way, from what the shim hands over to what the driver is given. The parts have tests of their
//! own.

mod secrets;

use mongodb::options::{Compressor, ServerAddress, Tls};
use serde_json::{Value, json};

use super::given::LONGEST;
use super::*;
use crate::error::Error;

fn config(dialect: &str, uri: &str, options: Value, more: Value) -> StoreConfig {
    let mut config = json!({
        "uri": uri,
        "dialect": dialect,
        "options": options,
        "collection": "sessions",
        "layout": { "kind": "connect-mongo" },
        "autoRemove": "native",
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    StoreConfig::from_json(&config.to_string()).unwrap()
}

fn modern(uri: &str, options: Value) -> ConnectionSpec {
    ConnectionSpec::parse(&config("modern", uri, options, json!({}))).unwrap_or_else(|e| panic!("{uri}: {e}"))
}

fn legacy(uri: &str, options: Value) -> ConnectionSpec {
    ConnectionSpec::parse(&config("legacy", uri, options, json!({}))).unwrap_or_else(|e| panic!("{uri}: {e}"))
}

fn refusal(dialect: &str, uri: &str, options: Value) -> Error {
    ConnectionSpec::parse(&config(dialect, uri, options, json!({}))).expect_err(uri)
}

async fn driver_options(spec: &ConnectionSpec) -> ClientOptions {
    spec.client_options().await.unwrap().0
}

#[tokio::test]
async fn nodes_defaults() {
    let spec = modern("mongodb://localhost", json!({}));
    assert_eq!(spec.database, "test");
    assert!(spec.retry_writes && spec.retry_reads);
    assert_eq!(spec.server_selection_timeout, Duration::from_secs(30));
    assert_eq!(spec.max_pool_size, 100);
    assert!(spec.operation_timeout.is_none() && spec.wait_queue_timeout.is_none());
    assert!(spec.read_preference.is_none() && spec.read_concern.is_none() && spec.write_concern.is_none());
    assert!(spec.server_api.is_none() && !spec.compressors_set && spec.warnings.is_empty());

    let options = driver_options(&spec).await;
    assert_eq!(options.hosts, [ServerAddress::Tcp { host: "localhost".into(), port: None }]);
    assert_eq!(options.connect_timeout, Some(Duration::from_secs(30)));
    assert_eq!(options.server_selection_timeout, Some(Duration::from_secs(86_400)));
    assert_eq!(options.heartbeat_freq, Some(Duration::from_secs(10)));
    assert_eq!((options.max_pool_size, options.min_pool_size), (Some(100), Some(0)));
    assert_eq!((options.retry_reads, options.retry_writes), (Some(true), Some(true)));
    assert_eq!(options.tls, Some(Tls::Disabled));
    assert!(options.credential.is_none() && options.direct_connection.is_none());
    assert_eq!(options.driver_info.unwrap().name, "connect-mongo-native");
}

#[tokio::test]
async fn everything_given() {
    let spec = modern(
        "mongodb://u:p@a,b:27018/app?replicaSet=rs&tls=true&appName=shop&maxPoolSize=0&minPoolSize=2\
         &maxIdleTimeMS=1&maxConnecting=3&connectTimeoutMS=4&serverSelectionTimeoutMS=5&socketTimeoutMS=60\
         &timeoutMS=50&waitQueueTimeoutMS=6&localThresholdMS=7&heartbeatFrequencyMS=8&serverMonitoringMode=poll\
         &compressors=none,zstd,zlib&zlibCompressionLevel=9&retryWrites=false&retryReads=no&w=majority\
         &readConcernLevel=majority&readPreference=nearest&proxyHost=proxy&proxyPort=1081&proxyUsername=pu\
         &proxyPassword=pp",
        json!({ "serverApi": { "version": "1", "strict": true } }),
    );
    assert_eq!(spec.operation_timeout, Some(Duration::from_millis(50)), "the smaller of the two");
    assert_eq!(spec.server_selection_timeout, Duration::from_millis(5));
    assert_eq!(spec.wait_queue_timeout, Some(Duration::from_millis(6)));
    assert_eq!(spec.max_pool_size, u32::MAX, "0 is no limit");
    assert!(!spec.retry_writes && !spec.retry_reads && spec.compressors_set);
    assert_eq!(spec.write_concern, Some(WriteConcern::majority()));
    assert_eq!(spec.read_concern, Some(ReadConcern::majority()));
    assert_eq!(spec.read_preference, Some(ReadPreference::Nearest { options: None }));
    assert_eq!(spec.server_api.as_ref().unwrap().strict, Some(true));

    let options = driver_options(&spec).await;
    assert_eq!(options.hosts.len(), 2);
    assert_eq!(options.repl_set_name.as_deref(), Some("rs"));
    assert_eq!(options.app_name.as_deref(), Some("shop"));
    assert_eq!(options.max_pool_size, Some(u32::MAX));
    assert_eq!((options.min_pool_size, options.max_connecting), (Some(2), Some(3)));
    assert_eq!(options.max_idle_time, Some(Duration::from_millis(1)));
    assert_eq!(options.connect_timeout, Some(Duration::from_millis(4)));
    assert_eq!(options.local_threshold, Some(Duration::from_millis(7)));
    assert_eq!(options.heartbeat_freq, Some(Duration::from_millis(500)), "the least that the driver takes");
    assert_eq!(
        options.compressors,
        Some(vec![Compressor::Zstd { level: None }, Compressor::Zlib { level: Some(9) }])
    );
    assert!(matches!(options.tls, Some(Tls::Enabled(_))));
    let proxy = options.socks5_proxy.unwrap();
    assert_eq!((proxy.host.as_str(), proxy.port), ("proxy", Some(1081)));
    assert_eq!(proxy.authentication, Some(("pu".into(), "pp".into())));
    let credential = options.credential.unwrap();
    assert_eq!(credential.username.as_deref(), Some("u"));
    assert_eq!(credential.password.as_deref(), Some("p"));
    assert_eq!(credential.source.as_deref(), Some("app"));
    assert_eq!(options.server_api, spec.server_api);
    assert!(options.write_concern.is_none(), "the core's own business");
}

#[tokio::test]
async fn databases_and_authentication_sources() {
    for (dialect, uri, options, db_name, database, source) in [
        ("modern", "mongodb://u:p@h", json!({}), json!(null), "test", "admin"),
        ("modern", "mongodb://u:p@h/app", json!({}), json!(null), "app", "app"),
        ("modern", "mongodb://u:p@h/app", json!({}), json!("x"), "x", "app"),
        ("modern", "mongodb://u:p@h/app", json!({ "dbName": "o" }), json!(null), "o", "o"),
        ("modern", "mongodb://u:p@h/app", json!({ "dbName": "o" }), json!("x"), "x", "o"),
        ("modern", "mongodb://u:p@h/app", json!({ "dbName": "" }), json!(""), "app", "app"),
        ("modern", "mongodb://u:p@h/?authSource=adm", json!({}), json!(null), "test", "adm"),
        ("modern", "mongodb://u:p@h/a.b", json!({}), json!("x"), "x", "a.b"),
        // Measured with driver 3.7.4.
        ("legacy", "mongodb://u:p@h", json!({}), json!(null), "test", "admin"),
        ("legacy", "mongodb://u:p@h/?authSource=adm", json!({}), json!(null), "test", "adm"),
        ("legacy", "mongodb://u:p@h/app?authSource=adm", json!({}), json!(null), "app", "adm"),
        ("legacy", "mongodb://u:p@h/app", json!({ "dbName": "o" }), json!(null), "o", "app"),
        ("legacy", "mongodb://u:p@h/app", json!({}), json!("x"), "x", "app"),
    ] {
        let spec =
            ConnectionSpec::parse(&config(dialect, uri, options, json!({ "dbName": db_name }))).unwrap();
        assert_eq!(spec.database, database, "{dialect} {uri}");
        let found = driver_options(&spec).await.credential.unwrap().source;
        assert_eq!(found.as_deref(), Some(source), "{dialect} {uri}");
    }
}

#[test]
fn direct_connections() {
    for (spec, expected) in [
        (modern("mongodb://h", json!({})), None),
        (modern("mongodb://h/?directConnection=true", json!({})), Some(true)),
        (legacy("mongodb://h", json!({})), Some(true)),
        (legacy("mongodb://h/?directConnection=false", json!({})), Some(false)),
        (legacy("mongodb://h/?replicaSet=rs", json!({})), None),
        (legacy("mongodb://h", json!({ "replicaSet": "rs" })), None),
        (legacy("mongodb://a,b", json!({})), None),
        (legacy("mongodb+srv://a.b.c", json!({})), None),
    ] {
        // The fingerprint is the only way to see it that looks nothing up.
        let direct: Value = serde_json::from_str(&spec.cache_key().0).unwrap();
        assert_eq!(direct["direct_connection"], json!(expected));
    }
}

#[test]
fn old_names_and_shapes() {
    let spec = legacy(
        "mongodb://h/app?ssl=false&poolSize=3",
        json!({
            "useNewUrlParser": true, "useUnifiedTopology": true, "autoReconnect": true, "reconnectTries": 5,
            "server": { "socketOptions": { "keepAlive": 1 } }, "j": true, "wtimeout": "10", "haInterval": 20000,
            "compression": { "compressors": ["zlib"] }, "readPreference": { "mode": "secondary" },
        }),
    );
    assert!(spec.warnings.is_empty(), "{:?}", spec.warnings);
    assert_eq!(spec.max_pool_size, 3);
    assert_eq!(spec.settings.heartbeat_frequency, Duration::from_secs(20));
    assert!(spec.compressors_set && spec.read_preference.is_some());
    assert_eq!(spec.write_concern.unwrap().w_timeout, Some(Duration::from_millis(10)));
    let spec = legacy("mongodb://h/?retryWrite=false", json!({ "maxPoolSzie": 1 }));
    assert_eq!(spec.warnings.len(), 1);
    assert!(
        spec.warnings[0].contains("did you mean maxPoolSize") && spec.warnings[0].contains("retryWrites")
    );
}

#[tokio::test]
async fn compression() {
    for (uri, options, expected) in [
        ("mongodb://h/?compressors=none", json!({}), None),
        ("mongodb://h/?compressors=zlib", json!({}), Some(vec![Compressor::Zlib { level: Some(1) }])),
        (
            "mongodb://h/?compressors=zlib&zlibCompressionLevel=-1",
            json!({}),
            Some(vec![Compressor::Zlib { level: None }]),
        ),
        ("mongodb://h", json!({ "compressors": ["snappy", "none"] }), Some(vec![Compressor::Snappy])),
        (
            "mongodb://h/?compressors=zstd",
            json!({ "compressors": ["snappy"] }),
            Some(vec![Compressor::Snappy, Compressor::Zstd { level: None }]),
        ),
    ] {
        assert_eq!(driver_options(&modern(uri, options)).await.compressors, expected, "{uri}");
    }
}

#[test]
fn write_operation_options_take_the_connections_place() {
    let more = json!({ "writeConcern": { "w": 1, "j": true } });
    let spec =
        ConnectionSpec::parse(&config("modern", "mongodb://h/?w=majority&wtimeoutMS=5", json!({}), more));
    let concern = spec.unwrap().write_concern.unwrap();
    assert_eq!((concern.w, concern.journal, concern.w_timeout), (Some(1.into()), Some(true), None));
    let more = json!({ "writeConcern": {} });
    let spec = ConnectionSpec::parse(&config("modern", "mongodb://h/?w=majority", json!({}), more)).unwrap();
    assert_eq!(spec.write_concern, Some(WriteConcern::majority()));
}

#[test]
fn a_server_selection_timeout_of_0_waits_for_ever() {
    let spec = modern("mongodb://h", json!({ "serverSelectionTimeoutMS": 0 }));
    assert_eq!(spec.server_selection_timeout, LONGEST);
}

#[test]
fn clients_are_shared_by_what_they_are_made_of() {
    let key = |uri: &str, options: Value| modern(uri, options).cache_key();
    let base = key("mongodb://h/a", json!({}));
    for (uri, options) in [
        ("mongodb://h", json!({})),
        ("mongodb://H/b?w=majority&readPreference=nearest", json!({})),
        ("mongodb://h/", json!({ "maxPoolSize": 100, "promoteLongs": false })),
    ] {
        assert_eq!(key(uri, options), base, "{uri}");
    }
    for (uri, options) in [
        ("mongodb://h2", json!({})),
        ("mongodb://h/?maxPoolSize=5", json!({})),
        ("mongodb://u:p@h", json!({})),
        ("mongodb://h/?tls=true", json!({})),
        ("mongodb://h/?serverSelectionTimeoutMS=1", json!({})),
        ("mongodb://h", json!({ "serverApi": "1" })),
    ] {
        assert_ne!(key(uri, options), base, "{uri}");
    }
    assert_ne!(key("mongodb://u:p@h", json!({})), key("mongodb://u:q@h", json!({})));
    assert_ne!(
        key("mongodb://u:p@h/a", json!({})),
        key("mongodb://u:p@h/b", json!({})),
        "another authSource"
    );
    let secret = modern("mongodb://u:s3cret@h", json!({}));
    assert!(!format!("{secret:?} {:?}", secret.cache_key()).contains("s3cret"));
}

#[test]
fn topologies_that_cannot_be() {
    for (uri, expected) in [
        ("mongodb://a,b/?loadBalanced=true", "single host"),
        ("mongodb://a/?loadBalanced=true&replicaSet=rs", "replicaSet"),
        ("mongodb://a/?loadBalanced=true&directConnection=true", "directConnection"),
        ("mongodb+srv://a.b.c/?loadBalanced=true&srvMaxHosts=1", "limit srv hosts"),
        ("mongodb+srv://a.b.c/?directConnection=true", "SRV URI does not support"),
        ("mongodb+srv://a.b.c/?srvMaxHosts=1&replicaSet=rs", "srvMaxHosts option with replicaSet"),
        ("mongodb://a/?srvServiceName=x", "non-srv"),
        ("mongodb://a,b/?directConnection=true", "exactly one host"),
        ("mongodb://a/?maxConnecting=0", "maxConnecting must be > 0"),
        ("mongodb://a:0", "port from 1 to 65535"),
        ("mongodb://a/x.y", "database names cannot contain the character '.'"),
    ] {
        let error = refusal("modern", uri, json!({}));
        assert!(error.message.contains(expected), "{uri}: {error}");
    }
}
