//! TLS: whether, trusting whom, presenting what (7.5 `connection_string.js` and `mongo_client.js`; 4.17 for
//! `ssl*`; 3.7 `uri_parser.js`, `translateTLSOptions`).

use std::io;

use mongodb::options::TlsOptions;
use serde::Serialize;
use serde_json::Value;

use super::certificates::{Pem, TRADITIONAL_KEY, authorities, identity, is_traditional, path_of, text_of};
use super::config::Dialect;
use super::given::Given;
use super::private_files::PrivateFiles;
use super::values::{boolean, parse_error, readable, refuse, unsupported};
use crate::error::{Error, Result};

/// No `Debug`: it holds keys and a passphrase. `Serialize` is for the key by which clients are shared.
#[derive(Clone, Serialize)]
pub(super) struct TlsSettings {
    authorities: Vec<Pem>,
    /// The client's certificates and key, in this order.
    identity: Vec<Pem>,
    passphrase: Option<String>,
    allow_invalid_certificates: bool,
}

/// Given without TLS, these show that the app expects TLS.
const MATERIAL: [&str; 6] = ["ca", "cert", "key", "tlsCAFile", "tlsCertificateFile", "tlsCertificateKeyFile"];

impl TlsSettings {
    /// `None`: no TLS. `host`: the only one in the connection string.
    pub(super) fn parse(
        given: &mut Given,
        dialect: Dialect,
        srv: bool,
        host: Option<&str>,
        extra_ca: Option<&str>,
    ) -> Result<Option<Self>> {
        if !is_on(given, dialect, srv)? {
            if let Some(name) = MATERIAL.into_iter().find(|name| given.has(name)) {
                given.warnings.push(format!(
                    "{name} has no effect, since TLS is off: add tls=true to the connection string to turn it on"
                ));
            }
            return Ok(None);
        }
        given.refuse_with_tls()?;
        let allow_invalid_certificates = accepts_any_certificate(given, dialect)?;
        // Certificates that aren't checked aren't compared with the host name either (driver
        // `runtime/tls_rustls.rs:143`), nor does Node.js mind the name then.
        if !allow_invalid_certificates {
            check_host_names(given, host)?;
        }
        let mut authorities = authorities(given)?;
        if authorities.is_empty() {
            authorities.extend(extra_ca.map(|text| Pem::Text(text.to_owned())));
        }
        let identity = identity(given)?;
        let passphrase = match given.string("passphrase")? {
            Some(passphrase) => Some(passphrase),
            None => given.string("tlsCertificateKeyFilePassword")?,
        };
        Ok(Some(Self { authorities, identity, passphrase, allow_invalid_certificates }))
    }

    /// `files` must live until the client exists.
    pub(super) fn options(&self, files: &mut PrivateFiles) -> io::Result<TlsOptions> {
        let mut options = TlsOptions::default();
        options.ca_file_path = path_of(&self.authorities, files)?;
        options.cert_key_file_path = path_of(&self.identity, files)?;
        options.allow_invalid_certificates = self.allow_invalid_certificates.then_some(true);
        if let Some(passphrase) = &self.passphrase {
            // Node.js ignores a passphrase that isn't needed, the driver fails (`runtime/pem.rs:9`).
            let text = text_of(&self.identity)?;
            if is_traditional(&text) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, TRADITIONAL_KEY));
            }
            options.tls_certificate_key_file_password =
                text.contains("ENCRYPTED PRIVATE KEY").then(|| passphrase.clone().into_bytes());
        }
        Ok(options)
    }
}

fn is_on(given: &Given, dialect: Dialect, srv: bool) -> Result<bool> {
    let read = |name: &'static str, values: &mut dyn Iterator<Item = &Value>| -> Result<Vec<bool>> {
        values.map(|value| boolean(name, readable(name, value)?)).collect()
    };
    let differ = |values: &[bool]| values.contains(&true) && values.contains(&false);
    let mut all = read("tls", &mut given.all("tls"))?;
    all.extend(read("ssl", &mut given.all("ssl"))?);
    match dialect {
        Dialect::Modern => {
            if differ(&all) {
                return Err(parse_error("All values of tls/ssl must be the same."));
            }
            Ok(all.first().copied().unwrap_or(srv))
        }
        // Driver 3.x compares within the connection string only; an object's value beats it, and a file
        // implies TLS.
        Dialect::Legacy => {
            let mut in_uri = read("tls", &mut given.in_uri("tls"))?;
            in_uri.extend(read("ssl", &mut given.in_uri("ssl"))?);
            if differ(&in_uri) {
                return Err(parse_error("All values of `tls` and `ssl` must be the same."));
            }
            let implied = ["tlsCAFile", "tlsCertificateKeyFile"].into_iter().any(|name| given.has(name));
            let by_name = |name| given.boolean(name);
            let chosen = match (by_name("tls")?, by_name("ssl")?) {
                (Some(true), _) => Some(true),
                (tls, ssl) => ssl.or(tls),
            };
            Ok(implied || chosen.unwrap_or(srv))
        }
    }
}

/// The later of these wins, in the order in which Node.js applies them (`OPTIONS` of 4.17 and 7.5).
fn accepts_any_certificate(given: &Given, dialect: Dialect) -> Result<bool> {
    for name in ["tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames"] {
        if dialect == Dialect::Modern && given.has("tlsInsecure") && given.has(name) {
            return Err(Error::new(
                "MongoAPIError",
                format!("The 'tlsInsecure' option cannot be used with the '{name}' option"),
            ));
        }
    }
    let mut accepts = false;
    for (name, means) in [
        ("sslValidate", false),
        ("tlsAllowInvalidCertificates", true),
        ("tlsInsecure", true),
        ("rejectUnauthorized", false),
    ] {
        if let Some(value) = given.boolean(name)? {
            accepts = value == means;
        }
    }
    Ok(accepts)
}

fn check_host_names(given: &Given, host: Option<&str>) -> Result<()> {
    const WHY: &str = "it always compares the host name when it checks the certificate";
    if given.boolean("tlsAllowInvalidHostnames")? == Some(true) {
        return Err(refuse("tlsAllowInvalidHostnames", WHY));
    }
    // Driver 3.x takes `false` too.
    if let Some(value) = given.all("checkServerIdentity").next()
        && (unsupported(value).is_some() || !boolean("checkServerIdentity", value)?)
    {
        return Err(refuse("checkServerIdentity", WHY));
    }
    match given.string("servername")? {
        Some(name) if host.is_none_or(|host| !host.eq_ignore_ascii_case(&name)) => {
            Err(refuse("servername", "it asks for the certificate of the host that it connects to"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::PathBuf;

    const CERT: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----";
    const ENCRYPTED: &str =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nCCCC\n-----END ENCRYPTED PRIVATE KEY-----";
    const TRADITIONAL: &str = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDDDD";

    fn parse_as(dialect: Dialect, uri: &str, object: Value) -> (Result<Option<TlsSettings>>, Vec<String>) {
        let mut given = Given::of_query(uri, object, dialect);
        let srv = given.in_uri("srvServiceName").next().is_some();
        let settings = TlsSettings::parse(&mut given, dialect, srv, Some("h"), Some("ROOTS"));
        (settings, given.warnings)
    }

    fn parse(uri: &str, object: Value) -> Result<Option<TlsSettings>> {
        parse_as(Dialect::Modern, uri, object).0
    }

    fn options(uri: &str, object: Value) -> (TlsOptions, PrivateFiles) {
        let settings = parse(uri, object).unwrap_or_else(|error| panic!("{error}")).expect("TLS is on");
        let mut files = PrivateFiles::default();
        (settings.options(&mut files).unwrap(), files)
    }

    fn read(path: &Option<PathBuf>) -> String {
        std::fs::read_to_string(path.as_ref().unwrap()).unwrap()
    }

    #[test]
    fn on_or_off() {
        use Dialect::{Legacy, Modern};
        for (dialect, uri, object, expected) in [
            (Modern, "", json!({}), Some(false)),
            (Modern, "tls=true", json!({}), Some(true)),
            (Modern, "ssl=true", json!({ "tls": true }), Some(true)),
            (Modern, "ssl=true", json!({ "tls": false }), None),
            (Modern, "tls=true&ssl=false", json!({}), None),
            (Modern, "srvServiceName=x", json!({}), Some(true)),
            (Modern, "srvServiceName=x&tls=false", json!({}), Some(false)),
            (Modern, "tlsCAFile=/ca.pem", json!({}), Some(false)),
            (Legacy, "tlsCAFile=/ca.pem", json!({}), Some(true)),
            (Legacy, "ssl=true", json!({ "ssl": false }), Some(false)),
            (Legacy, "tls=true&ssl=false", json!({}), None),
            (Legacy, "srvServiceName=x", json!({ "ssl": false }), Some(false)),
        ] {
            let (settings, _) = parse_as(dialect, uri, object.clone());
            assert_eq!(settings.ok().map(|tls| tls.is_some()), expected, "{dialect:?} {uri} {object}");
        }
        let (settings, warnings) = parse_as(Modern, "tlsCAFile=/ca.pem", json!({ "ciphers": "x" }));
        assert!(settings.unwrap().is_none(), "what is refused with TLS does no harm without");
        assert!(warnings[0].contains("tlsCAFile has no effect"), "{warnings:?}");
    }

    #[test]
    fn certificates_accepted_unchecked() {
        for (uri, object, expected) in [
            ("tls=true", json!({}), None),
            ("tls=true&tlsAllowInvalidCertificates=true", json!({}), Some(true)),
            ("tls=true&tlsInsecure=true", json!({ "checkServerIdentity": false }), Some(true)),
            ("tls=true", json!({ "rejectUnauthorized": false }), Some(true)),
            ("tls=true", json!({ "sslValidate": false }), Some(true)),
            ("tls=true", json!({ "sslValidate": true }), None),
            ("tls=true&tlsAllowInvalidCertificates=true", json!({ "rejectUnauthorized": true }), None),
            (
                "tls=true&tlsAllowInvalidCertificates=true&tlsAllowInvalidHostnames=true",
                json!({}),
                Some(true),
            ),
        ] {
            assert_eq!(options(uri, object.clone()).0.allow_invalid_certificates, expected, "{uri} {object}");
        }
        assert_eq!(
            parse("tls=true&tlsInsecure=true&tlsAllowInvalidCertificates=false", json!({}))
                .err()
                .unwrap()
                .name,
            "MongoAPIError"
        );
    }

    #[test]
    fn authorities_from_every_source() {
        let mut own = PrivateFiles::default();
        let file = own.write(CERT).unwrap();
        let (found, _files) = options("tls=true", json!({ "tlsCAFile": file }));
        assert_eq!(found.ca_file_path.as_ref(), Some(&file), "a file is the driver's to read");
        let (found, _files) = options("tls=true&tlsCAFile=/ca.pem", json!({ "ca": [CERT, CERT] }));
        assert_eq!(read(&found.ca_file_path), format!("{CERT}\n{CERT}\n"));
        let (found, _files) = options("tls=true", json!({ "sslCA": [CERT] }));
        assert_eq!(read(&found.ca_file_path), format!("{CERT}\n"));
        let (found, _files) = options("tls=true", json!({ "sslCA": file }));
        assert_eq!(found.ca_file_path, Some(file));
        let (found, files) = options("tls=true", json!({}));
        assert_eq!(read(&found.ca_file_path), "ROOTS\n", "NODE_EXTRA_CA_CERTS");
        drop(files);
        assert!(!found.ca_file_path.unwrap().exists());
    }

    #[test]
    fn identities_from_every_source() {
        let mut own = PrivateFiles::default();
        let (cert, key) = (own.write(CERT).unwrap(), own.write(KEY).unwrap());
        let (found, _files) = options("tls=true", json!({ "tlsCertificateKeyFile": key }));
        assert_eq!(found.cert_key_file_path.as_ref(), Some(&key));
        let (found, _files) =
            options("tls=true", json!({ "cert": CERT, "key": KEY, "passphrase": "unneeded" }));
        assert_eq!(read(&found.cert_key_file_path), format!("{CERT}\n{KEY}\n"));
        assert!(found.tls_certificate_key_file_password.is_none());
        let (found, _files) =
            options("tls=true", json!({ "sslCert": CERT, "sslKey": ENCRYPTED, "sslPass": "p" }));
        assert_eq!(read(&found.cert_key_file_path), format!("{CERT}\n{ENCRYPTED}\n"));
        assert_eq!(found.tls_certificate_key_file_password.as_deref(), Some(&b"p"[..]));
        let (found, _files) =
            options("tls=true", json!({ "tlsCertificateFile": cert, "tlsCertificateKeyFile": key }));
        assert_eq!(read(&found.cert_key_file_path), format!("{CERT}\n{KEY}\n"));
    }

    #[test]
    fn refusals() {
        let function = json!({ "$unsupported": "function" });
        for (object, expected) in [
            (json!({ "tlsAllowInvalidHostnames": true }), "backend: 'driver'"),
            (json!({ "checkServerIdentity": function }), "backend: 'driver'"),
            (json!({ "checkServerIdentity": false }), "backend: 'driver'"),
            (json!({ "servername": "other" }), "backend: 'driver'"),
            (json!({ "tlsCRLFile": "/crl" }), "backend: 'driver'"),
            (json!({ "pfx": "x" }), "backend: 'driver'"),
            (json!({ "secureContext": { "$unsupported": "SecureContext" } }), "backend: 'driver'"),
            (json!({ "key": [{ "pem": KEY }], "cert": CERT }), "backend: 'driver'"),
            (json!({ "key": TRADITIONAL, "cert": CERT, "passphrase": "s3cret" }), "PKCS#8"),
            (json!({ "ca": "/ca.pem" }), "tlsCAFile"),
            (json!({ "cert": CERT }), "needs its key"),
        ] {
            let error =
                parse("tls=true", object.clone()).err().unwrap_or_else(|| panic!("{object} was accepted"));
            assert!(error.message.contains(expected), "{object}: {}", error.message);
            assert!(!error.message.contains("s3cret"));
        }
        for object in [json!({ "servername": "H" }), json!({ "checkServerIdentity": true })] {
            assert!(parse("tls=true", object).is_ok());
        }
        // With and without a passphrase: the driver reads the file, or the core does.
        for object in [json!({ "passphrase": "s3cret" }), json!({})] {
            let settings = parse("tls=true&tlsCertificateKeyFile=/nowhere/me.pem", object).unwrap().unwrap();
            let error = settings.options(&mut PrivateFiles::default()).unwrap_err().to_string();
            assert!(error.contains("/nowhere/me.pem") && !error.contains("s3cret"), "{error}");
        }
    }
}
