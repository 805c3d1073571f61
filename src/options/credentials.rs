//! Who connects (7.5 `connection_string.js`, `cmap/auth/mongo_credentials.js`; 3.7 `uri_parser.js`,
//! `applyAuthExpectations`).

use mongodb::bson::Document;
use mongodb::options::{AuthMechanism, Credential};
use serde::Serialize;
use serde_json::Value;

use super::given::Given;
use super::uri::Uri;
use super::values::{invalid, parse_error, readable, refuse, string, unsupported};
use crate::error::{Error, Result};

/// No `Debug`: it holds the password. `Serialize` is for the key by which clients are shared.
#[derive(Clone, Serialize)]
pub(super) struct Credentials {
    username: Option<String>,
    password: Option<String>,
    mechanism: Option<&'static str>,
    /// `None`: the TXT record of a `mongodb+srv` name decides, then `database`, then `admin`.
    source: Option<String>,
    /// The database that is the source by default.
    pub database: Option<String>,
}

const X509: &str = "MONGODB-X509";
const PLAIN: &str = "PLAIN";
const OIDC: &str = "MONGODB-OIDC";
const DEFAULT: &str = "DEFAULT";
const EXTERNAL: &str = "$external";

/// In the order of Node's enum: of an abbreviation the first that it fits is meant.
const MECHANISMS: [&str; 9] =
    ["MONGODB-AWS", "MONGODB-CR", DEFAULT, "GSSAPI", PLAIN, "SCRAM-SHA-1", "SCRAM-SHA-256", X509, OIDC];

impl Credentials {
    /// `database`: the one that is the default source, `None` if none is named.
    pub(super) fn parse(uri: &Uri, given: &Given, database: Option<String>) -> Result<Option<Self>> {
        let auth = match given.value("auth")? {
            None => None,
            Some(Value::Object(auth)) => Some(auth),
            Some(_) => {
                return Err(parse_error("auth must be an object with 'username' and 'password' properties"));
            }
        };
        let of_auth = |name: &str| -> Result<Option<String>> {
            let part = auth.and_then(|auth| auth.get(name)).filter(|value| !value.is_null());
            part.map(|value| string("auth", value)).transpose()
        };
        let given_name = of_auth("username")?.or(of_auth("user")?).or(given.string("username")?);
        let given_password = of_auth("password")?.or(given.string("password")?);
        let username = given_name.or(uri.username.clone()).unwrap_or_default();
        let password = given_password.or(uri.password.clone()).unwrap_or_default();
        let source = given.string("authSource")?;
        let mechanism = match given.string("authMechanism")? {
            Some(name) => Some(find_mechanism(&name)?).filter(|name| *name != DEFAULT),
            None => None,
        };
        check_properties(given, mechanism)?;

        let required = |what| Err(Error::new("MongoMissingCredentialsError", what));
        match mechanism {
            // An `authSource` alone asks for no authentication.
            None if username.is_empty() && password.is_empty() => return Ok(None),
            None if username.is_empty() => return required("Username required with a password".to_owned()),
            Some(name) if name != X509 && name != OIDC && username.is_empty() => {
                return required(format!("Username required for mechanism '{name}'"));
            }
            Some(name) if name == X509 || name == OIDC => {
                if !password.is_empty() {
                    return Err(api_error(format!("Password not allowed for mechanism {name}")));
                }
                if source.as_deref().is_some_and(|source| source != EXTERNAL) {
                    return Err(parse_error(format!(
                        "authMechanism {name} requires an authSource of '$external'"
                    )));
                }
                if name == OIDC && !username.is_empty() {
                    return Err(invalid(
                        "username and ENVIRONMENT 'k8s' may not be used together for mechanism 'MONGODB-OIDC'.",
                    ));
                }
            }
            _ => {}
        }

        let external = mechanism.is_some_and(|name| name == X509 || name == OIDC);
        Ok(Some(Self {
            username: Some(username).filter(|name| !name.is_empty()),
            password: (!external).then_some(password),
            mechanism,
            // Said explicitly for these: the driver would let a TXT record's authSource override it
            // (`client/options/parse.rs:55`), and Atlas' says `admin`.
            source: source.or(external.then(|| EXTERNAL.to_owned())),
            database,
        }))
    }

    pub(super) fn credential(&self) -> Credential {
        let mut credential = Credential::default();
        credential.username = self.username.clone();
        credential.password = self.password.clone();
        credential.source = self.source.clone();
        credential.mechanism = match self.mechanism {
            Some("SCRAM-SHA-1") => Some(AuthMechanism::ScramSha1),
            Some("SCRAM-SHA-256") => Some(AuthMechanism::ScramSha256),
            Some(X509) => Some(AuthMechanism::MongoDbX509),
            Some(PLAIN) => Some(AuthMechanism::Plain),
            Some(OIDC) => Some(AuthMechanism::MongoDbOidc),
            _ => None,
        };
        if self.mechanism == Some(OIDC) {
            let mut properties = Document::new();
            properties.insert("ENVIRONMENT", "k8s");
            credential.mechanism_properties = Some(properties);
        }
        credential
    }
}

fn api_error(message: String) -> Error {
    Error::new("MongoAPIError", message)
}

/// Node.js accepts any whole words of a name, in any case: `x509` is `MONGODB-X509`.
fn find_mechanism(given: &str) -> Result<&'static str> {
    let given = format!("-{}-", given.to_ascii_uppercase());
    let mechanism = MECHANISMS.into_iter().find(|name| format!("-{name}-").contains(&given));
    match mechanism {
        Some("MONGODB-AWS") => Err(refuse("authMechanism", "it can't authenticate with MONGODB-AWS")),
        Some("MONGODB-CR") => Err(refuse(
            "authMechanism",
            "MONGODB-CR ended with MongoDB 3.6, use SCRAM-SHA-1 or SCRAM-SHA-256; or, for a server as old, a driver \
             as old",
        )),
        Some("GSSAPI") => Err(refuse("authMechanism", "it can't authenticate with GSSAPI (Kerberos)")),
        Some(name) => Ok(name),
        None => Err(parse_error(format!("authMechanism must be one of {}", MECHANISMS.join(", ")))),
    }
}

/// Only OIDC has properties that matter, of which the driver offers Kubernetes without more features
/// (`client/auth/oidc.rs:162`).
fn check_properties(given: &Given, mechanism: Option<&str>) -> Result<()> {
    if mechanism != Some(OIDC) {
        return Ok(());
    }
    let mut environment = None;
    for value in given.all("authMechanismProperties") {
        match readable("authMechanismProperties", value)? {
            Value::Object(properties) => {
                if properties.values().any(|value| unsupported(value).is_some()) {
                    return Err(refuse("authMechanismProperties", "it can't call back for an OIDC token"));
                }
                let of_object = properties.get("ENVIRONMENT").and_then(Value::as_str).map(str::to_owned);
                environment = environment.or(of_object);
            }
            value => {
                let text = string("authMechanismProperties", value)?;
                let mut pairs = text.split(',').filter_map(|pair| pair.split_once(':'));
                let of_text =
                    pairs.find(|(name, _)| *name == "ENVIRONMENT").map(|(_, value)| value.to_owned());
                environment = environment.or(of_text);
            }
        }
    }
    match environment.as_deref() {
        Some("k8s") => Ok(()),
        Some(_) => Err(refuse(
            "authMechanismProperties",
            "of the OIDC environments it knows k8s only, and neither azure nor gcp",
        )),
        None => Err(invalid(
            "Either a ENVIRONMENT, OIDC_CALLBACK, or OIDC_HUMAN_CALLBACK must be specified for mechanism \
             'MONGODB-OIDC' (callbacks with `backend: 'driver'` only)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::config::Dialect;
    use serde_json::json;

    fn parse(uri: &str, object: Value) -> Result<Option<Credentials>> {
        let uri = Uri::parse(uri).unwrap_or_else(|error| panic!("{error}"));
        let given = Given::collect(&uri.options, object.as_object().unwrap(), Dialect::Modern)?;
        Credentials::parse(&uri, &given, uri.database.clone())
    }

    fn credentials(uri: &str, object: Value) -> Credentials {
        parse(uri, object).unwrap_or_else(|error| panic!("{uri}: {error}")).expect("credentials")
    }

    #[test]
    fn no_credentials() {
        for (uri, object) in [
            ("mongodb://h", json!({})),
            ("mongodb://h/?authSource=admin", json!({})),
            ("mongodb://h", json!({ "auth": { "username": "", "password": "" } })),
            ("mongodb://h", json!({ "auth": {} })),
        ] {
            assert!(parse(uri, object).unwrap().is_none(), "{uri}");
        }
    }

    #[test]
    fn names_and_passwords() {
        for (uri, object, username, password) in [
            ("mongodb://u:p@h", json!({}), "u", "p"),
            ("mongodb://u@h", json!({}), "u", ""),
            ("mongodb://u:p@h", json!({ "auth": { "username": "a", "password": "b" } }), "a", "b"),
            ("mongodb://h", json!({ "auth": { "user": "a", "password": "b" } }), "a", "b"),
            ("mongodb://h", json!({ "user": "a", "password": 12 }), "a", "12"),
            ("mongodb://u:p@h", json!({ "auth": { "username": null } }), "u", "p"),
        ] {
            let found = credentials(uri, object.clone());
            assert_eq!(found.username.as_deref(), Some(username), "{uri} {object}");
            assert_eq!(found.password.as_deref(), Some(password), "{uri} {object}");
        }
    }

    #[test]
    fn mechanisms_and_sources() {
        for (uri, mechanism, source) in [
            ("mongodb://u:p@h/db", None, None),
            ("mongodb://u:p@h/db?authSource=x", None, Some("x")),
            ("mongodb://u:p@h/db?authMechanism=DEFAULT", None, None),
            ("mongodb://u:p@h/?authMechanism=scram-sha-1", Some(AuthMechanism::ScramSha1), None),
            ("mongodb://u:p@h/?authMechanism=SCRAM-SHA-256", Some(AuthMechanism::ScramSha256), None),
            ("mongodb://u:p@h/?authMechanism=PLAIN", Some(AuthMechanism::Plain), None),
            ("mongodb://CN=c@h/db?authMechanism=x509", Some(AuthMechanism::MongoDbX509), Some("$external")),
            (
                "mongodb://h/?authMechanism=MONGODB-X509&authSource=$external",
                Some(AuthMechanism::MongoDbX509),
                Some("$external"),
            ),
            (
                "mongodb://h/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:k8s",
                Some(AuthMechanism::MongoDbOidc),
                Some("$external"),
            ),
        ] {
            let found = credentials(uri, json!({}));
            let credential = found.credential();
            assert_eq!(credential.mechanism, mechanism, "{uri}");
            assert_eq!(credential.source.as_deref(), source, "{uri}");
            if let Some(mechanism) = mechanism {
                mechanism.validate_credential(&credential).unwrap_or_else(|error| panic!("{uri}: {error}"));
            }
        }
        // The driver refuses properties with SCRAM, Node.js ignores them.
        let found = credentials("mongodb://u:p@h/?authMechanismProperties=SERVICE_NAME:x", json!({}));
        assert!(found.credential().mechanism_properties.is_none());
    }

    #[test]
    fn refusals() {
        let callback = json!({ "OIDC_CALLBACK": { "$unsupported": "function" } });
        for (uri, object, name, expected) in [
            (
                "mongodb://h/?authMechanism=MONGODB-AWS",
                json!({}),
                "MongoInvalidArgumentError",
                "backend: 'driver'",
            ),
            (
                "mongodb://u@h/?authMechanism=GSSAPI",
                json!({}),
                "MongoInvalidArgumentError",
                "backend: 'driver'",
            ),
            (
                "mongodb://u:s3cret@h/?authMechanism=MONGODB-CR",
                json!({}),
                "MongoInvalidArgumentError",
                "backend: 'driver'",
            ),
            (
                "mongodb://h/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:azure,TOKEN_RESOURCE:x",
                json!({}),
                "MongoInvalidArgumentError",
                "backend: 'driver'",
            ),
            (
                "mongodb://h/?authMechanism=MONGODB-OIDC",
                json!({ "authMechanismProperties": callback }),
                "MongoInvalidArgumentError",
                "backend: 'driver'",
            ),
            (
                "mongodb://h/?authMechanism=MONGODB-OIDC",
                json!({}),
                "MongoInvalidArgumentError",
                "OIDC_CALLBACK",
            ),
            ("mongodb://u:s3cret@h/?authMechanism=bogus", json!({}), "MongoParseError", "must be one of"),
            (
                "mongodb://h/?authMechanism=SCRAM-SHA-1",
                json!({}),
                "MongoMissingCredentialsError",
                "Username required",
            ),
            (
                "mongodb://h",
                json!({ "password": "s3cret" }),
                "MongoMissingCredentialsError",
                "Username required",
            ),
            (
                "mongodb://u:s3cret@h/?authMechanism=MONGODB-X509",
                json!({}),
                "MongoAPIError",
                "Password not allowed",
            ),
            (
                "mongodb://h/?authMechanism=MONGODB-X509&authSource=admin",
                json!({}),
                "MongoParseError",
                "$external",
            ),
            ("mongodb://h", json!({ "auth": "u:s3cret" }), "MongoParseError", "must be an object"),
        ] {
            let error = parse(uri, object).err().unwrap_or_else(|| panic!("{uri} was accepted"));
            assert_eq!(error.name, name, "{uri}");
            assert!(error.message.contains(expected), "{uri}: {}", error.message);
            assert!(!error.message.contains("s3cret"), "{uri}: {}", error.message);
        }
    }
}
