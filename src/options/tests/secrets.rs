//! No password leaves by an error or a warning.

use serde_json::json;

use super::*;

/// A password in each place where one can stand, and everything that can be wrong beside it.
#[test]
fn no_error_and_no_warning_shows_a_secret() {
    let bad_options = [
        json!({ "auth": "u:s3cret" }),
        json!({ "auth": { "username": { "$unsupported": "function" }, "password": "s3cret" } }),
        json!({ "authMechanism": "s3cret" }),
        json!({ "authMechanism": "GSSAPI" }),
        json!({ "authMechanism": "MONGODB-X509" }),
        json!({ "autoEncryption": { "key": "s3cret" } }),
        json!({ "ca": "s3cret", "tls": true }),
        json!({ "cert": "-----BEGIN s3cret", "tls": true }),
        json!({ "key": [{ "pem": "s3cret" }], "tls": true }),
        json!({ "compressors": "s3cret" }),
        json!({ "connectTimeoutMS": "s3cret" }),
        json!({ "dbName": "s3cret.$" }),
        json!({ "directConnection": "s3cret" }),
        json!({ "maxStalenessSeconds": "s3cret", "readPreference": "nearest" }),
        json!({ "passphrase": { "s3cret": 1 }, "tls": true }),
        json!({ "pfx": "s3cret", "tls": true }),
        json!({ "proxyPassword": "s3cret" }),
        json!({ "proxyHost": "h", "proxyPort": 70000, "proxyUsername": "u", "proxyPassword": "s3cret" }),
        json!({ "proxyHost": "h", "proxyPassword": "s3cret" }),
        json!({ "readConcern": ["s3cret"] }),
        json!({ "readPreference": "s3cret" }),
        json!({ "readPreference": "nearest", "readPreferenceTags": ["s3cret"] }),
        json!({ "serverApi": "s3cret" }),
        json!({ "serverMonitoringMode": "s3cret" }),
        json!({ "servername": "s3cret", "tls": true }),
        json!({ "srvMaxHosts": 1 }),
        json!({ "tls": "s3cret" }),
        json!({ "w": -1, "password": "s3cret" }),
        json!({ "writeConcern": { "j": "s3cret" } }),
        json!({ "zlibCompressionLevel": 10 }),
        json!({ "not an option s3cret": 1 }),
    ];
    for dialect in ["modern", "legacy"] {
        for options in &bad_options {
            let uri = "mongodb://u:s3cret@h/?tlsCertificateKeyFilePassword=s3cret";
            match ConnectionSpec::parse(&config(dialect, uri, options.clone(), json!({}))) {
                Err(error) => assert!(!format!("{error} {error:?}").contains("s3cret"), "{options}: {error}"),
                Ok(spec) => {
                    assert_eq!(dialect, "legacy", "{options} was accepted");
                    assert!(!format!("{:?}", spec.warnings).contains("s3cret"), "{:?}", spec.warnings);
                }
            }
        }
    }
    for uri in [
        "mongodb://u:s3cret",
        "mongodb://u:s3cret/",
        "mongodb://u:s3cret/app?w=1",
        "mongodb://u:s3cret@h:99999",
        "mongodb://u:s3cret@[::1",
        "mongodb://u:s3cret@h/?tls=true&ssl=false",
        "mongodb://u:s3cret@h/?w=1&w=2&bogus=s3cret",
        "mongodb+srv://u:s3cret@a.b.c/?directConnection=true",
        "mongodb://u:s3cret@a,b/?directConnection=true",
        "mongodb://u:s3cret@a,b/?loadBalanced=true",
    ] {
        let error = refusal("modern", uri, json!({}));
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{uri}: {error}");
    }
}
