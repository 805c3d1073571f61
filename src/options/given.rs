//! The options as given, in the connection string and in `mongoOptions`, merged under their documented names.

use std::time::Duration;

use serde_json::{Map, Value};

use super::config::Dialect;
use super::names::{self, Use};
use super::values::{boolean, parse_error, readable, refuse, string, uint, unsupported};
use crate::error::Result;

/// The longest time that a JavaScript timer holds, 24.8 days. Longer ones could overflow a deadline.
pub(super) const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Precedence, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Object,
    ObjectAlias,
    Uri,
    UriAlias,
}

struct Entry {
    name: &'static str,
    origin: Origin,
    value: Value,
}

pub(super) struct Given {
    entries: Vec<Entry>,
    /// What `Use::RefuseWithTls` says about names that are given.
    with_tls: Vec<(&'static str, &'static str)>,
    unknown: Vec<String>,
    pub warnings: Vec<String>,
}

impl Given {
    pub(super) fn collect(
        uri: &[(String, String)],
        object: &Map<String, Value>,
        dialect: Dialect,
    ) -> Result<Self> {
        let mut given =
            Given { entries: Vec::new(), with_tls: Vec::new(), unknown: Vec::new(), warnings: Vec::new() };
        given.add_object(object)?;
        for (name, value) in uri {
            given.add(name, Value::String(value.clone()), Origin::Uri)?;
        }
        given.entries.sort_by_key(|entry| entry.origin);
        given.check_unknown(dialect)?;
        Ok(given)
    }

    fn add_object(&mut self, object: &Map<String, Value>) -> Result<()> {
        // A `null` is an option not given (7.5 `connection_string.js`: `filter(([, v]) => v != null)`).
        for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            self.add(name, value.clone(), Origin::Object)?;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: Value, origin: Origin) -> Result<()> {
        let from_uri = origin == Origin::Uri;
        let Some((known, usage)) = names::find(name) else {
            self.unknown.push(printable(name));
            return Ok(());
        };
        match usage {
            Use::Apply if known == "serverApi" && from_uri => {
                Err(parse_error("URI cannot contain `serverApi`, it can only be passed to the client"))
            }
            Use::Apply if known == "loadBalanced" && !from_uri => {
                Err(parse_error("loadBalanced is only a valid option in the URI"))
            }
            Use::Apply => {
                self.warn_if_repeated(known, &value, origin);
                self.entries.push(Entry { name: known, origin, value });
                Ok(())
            }
            Use::SameAs(target) => {
                let origin = if from_uri { Origin::UriAlias } else { Origin::ObjectAlias };
                self.entries.push(Entry { name: target, origin, value });
                Ok(())
            }
            Use::Nested => match &value {
                Value::Object(object) if unsupported(&value).is_none() => self.add_object(object),
                _ => Ok(()),
            },
            Use::Ignore => Ok(()),
            Use::Refuse(why) => Err(refuse(known, why)),
            Use::RefuseWithTls(why) => {
                self.with_tls.push((known, why));
                Ok(())
            }
        }
    }

    /// Drivers 4 and 5 take the first of several values (measured with 4.17.2), later ones throw.
    fn warn_if_repeated(&mut self, name: &'static str, value: &Value, origin: Origin) {
        // Lists: these add up, and tls is checked as a whole.
        if ["readPreferenceTags", "compressors", "tls", "ssl"].contains(&name) {
            return;
        }
        let repeated = |entry: &Entry| entry.name == name && entry.origin == origin && entry.value != *value;
        if self.entries.iter().any(repeated) {
            self.warnings
                .push(format!("{name} is given more than once with different values: the first one counts"));
        }
    }

    fn check_unknown(&mut self, dialect: Dialect) -> Result<()> {
        let hints: Vec<String> = self
            .unknown
            .iter()
            .filter_map(|name| Some((name, names::nearest(name)?)))
            .map(|(name, nearest)| format!("did you mean {nearest} instead of {name}?"))
            .collect();
        let hint = if hints.is_empty() { String::new() } else { format!(" ({})", hints.join(" ")) };
        let list = self.unknown.join(", ");
        let (option, are) = if self.unknown.len() > 1 { ("options", "are") } else { ("option", "is") };
        match (self.unknown.is_empty(), dialect) {
            (true, _) => {}
            (false, Dialect::Modern) => {
                return Err(parse_error(format!("{option} {list} {are} not supported{hint}")));
            }
            (false, Dialect::Legacy) => self
                .warnings
                .push(format!("The MongoDB connection {option} {list} {are} unknown and ignored{hint}")),
        }
        Ok(())
    }

    /// To be called once TLS is known to be on.
    pub(super) fn refuse_with_tls(&self) -> Result<()> {
        self.with_tls.first().map_or(Ok(()), |(name, why)| Err(refuse(name, why)))
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.entries.iter().filter(move |entry| entry.name == name).map(|entry| &entry.value)
    }

    pub(super) fn in_uri(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.entries
            .iter()
            .filter(move |entry| entry.name == name && entry.origin >= Origin::Uri)
            .map(|entry| &entry.value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    pub(super) fn value(&self, name: &'static str) -> Result<Option<&Value>> {
        match self.all(name).next() {
            Some(value) => readable(name, value).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn boolean(&self, name: &'static str) -> Result<Option<bool>> {
        self.value(name)?.map(|value| boolean(name, value)).transpose()
    }

    pub(super) fn uint(&self, name: &'static str) -> Result<Option<u64>> {
        self.value(name)?.map(|value| uint(name, value)).transpose()
    }

    pub(super) fn u32(&self, name: &'static str) -> Result<Option<u32>> {
        Ok(self.uint(name)?.map(|value| value.try_into().unwrap_or(u32::MAX)))
    }

    pub(super) fn millis(&self, name: &'static str) -> Result<Option<Duration>> {
        Ok(self.uint(name)?.map(|millis| Duration::from_millis(millis).min(LONGEST)))
    }

    /// For timeouts of which 0 means none.
    pub(super) fn timeout(&self, name: &'static str) -> Result<Option<Duration>> {
        Ok(self.millis(name)?.filter(|timeout| !timeout.is_zero()))
    }

    pub(super) fn string(&self, name: &'static str) -> Result<Option<String>> {
        self.value(name)?.map(|value| string(name, value)).transpose()
    }
}

/// A name that is a name. A string cut in the wrong place could put anything here.
fn printable(name: &str) -> String {
    let is_name = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c));
    if is_name { name.to_owned() } else { "(no valid name)".to_owned() }
}

#[cfg(test)]
impl Given {
    /// From a plain `name=value&…`, for the tests of the parts.
    pub(super) fn of_query(query: &str, object: Value, dialect: Dialect) -> Self {
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let object = object.as_object().expect("options are an object");
        Given::collect(&pairs, object, dialect).unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use serde_json::json;

    fn collect(uri: &[(&str, &str)], object: Value, dialect: Dialect) -> Result<Given> {
        let uri: Vec<(String, String)> = uri.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        Given::collect(&uri, object.as_object().unwrap(), dialect)
    }

    fn modern(uri: &[(&str, &str)], object: Value) -> Given {
        collect(uri, object, Dialect::Modern).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(uri: &[(&str, &str)], object: Value) -> Error {
        collect(uri, object, Dialect::Modern).err().expect("refused")
    }

    #[test]
    fn the_object_beats_the_uri_and_the_name_its_alias() {
        let given = modern(&[("MaxPoolSize", "1"), ("poolSize", "2")], json!({ "poolSize": 3 }));
        assert_eq!(given.uint("maxPoolSize").unwrap(), Some(3));
        let given = modern(&[("poolSize", "2"), ("maxpoolsize", "1")], json!({ "maxPoolSize": null }));
        assert_eq!(given.uint("maxPoolSize").unwrap(), Some(1));
        let given = modern(&[], json!({ "poolSize": 3, "maxPoolSize": 4 }));
        assert_eq!(given.uint("maxPoolSize").unwrap(), Some(4));
    }

    #[test]
    fn a_repeated_key_counts_once_and_is_mentioned_if_it_differs() {
        let given = modern(&[("w", "1"), ("w", "2")], json!({}));
        assert_eq!(given.string("w").unwrap().as_deref(), Some("1"));
        assert_eq!(given.warnings, ["w is given more than once with different values: the first one counts"]);
        assert!(modern(&[("w", "1"), ("w", "1")], json!({})).warnings.is_empty());
        assert!(
            modern(&[("w", "1")], json!({ "w": 2 })).warnings.is_empty(),
            "the object simply beats the URI"
        );
    }

    #[test]
    fn nested_options_of_old_drivers_count() {
        let options =
            json!({ "server": { "poolSize": 7, "socketOptions": { "connectTimeoutMS": 5 }, "x": null } });
        let given = modern(&[], options);
        assert_eq!(given.uint("maxPoolSize").unwrap(), Some(7));
        assert_eq!(given.uint("connectTimeoutMS").unwrap(), Some(5));
    }

    #[test]
    fn unknown_names() {
        let error = refusal(&[("foo", "1")], json!({}));
        assert_eq!((error.name, error.message.as_str()), ("MongoParseError", "option foo is not supported"));
        let error = refusal(&[("foo", "1")], json!({ "maxPoolSzie": 1 }));
        assert_eq!(
            error.message,
            "options maxPoolSzie, foo are not supported (did you mean maxPoolSize instead of maxPoolSzie?)"
        );
        let given = collect(&[("foo", "1")], json!({ "retryWrite": 1 }), Dialect::Legacy).unwrap();
        assert_eq!(
            given.warnings,
            ["The MongoDB connection options retryWrite, foo are unknown and ignored \
              (did you mean retryWrites instead of retryWrite?)"]
        );
    }

    #[test]
    fn what_is_ignored_may_be_anything() {
        let function = json!({ "$unsupported": "function" });
        let given = modern(
            &[("useNewUrlParser", "maybe")],
            json!({ "pkFactory": { "createPk": function }, "logger": function, "server": function, "family": 4 }),
        );
        assert!(given.warnings.is_empty());
    }

    #[test]
    fn refusals_name_the_option_the_reason_and_the_way_out() {
        for (options, name, why) in [
            (json!({ "autoEncryption": {} }), "autoEncryption", "client-side encryption"),
            (json!({ "localAddress": "10.0.0.1" }), "localAddress", "local address"),
            (json!({ "lookup": { "$unsupported": "function" } }), "lookup", "JavaScript function"),
        ] {
            let error = refusal(&[], options);
            assert_eq!(error.name, "MongoInvalidArgumentError");
            for expected in [name, why, "backend: 'driver'"] {
                assert!(error.message.contains(expected), "{}", error.message);
            }
        }
        let given = modern(
            &[],
            json!({ "readPreference": { "$unsupported": "ReadPreference" }, "ca": "x", "crl": 1 }),
        );
        let error = given.value("readPreference").unwrap_err();
        assert!(error.message.contains("instance of ReadPreference"), "{}", error.message);
        assert!(given.refuse_with_tls().unwrap_err().message.contains("crl"));
        assert_eq!(refusal(&[("serverApi", "1")], json!({})).name, "MongoParseError");
        assert_eq!(refusal(&[], json!({ "loadBalanced": true })).name, "MongoParseError");
    }

    #[test]
    fn times_and_sizes() {
        let given = modern(&[], json!({ "socketTimeoutMS": 1e300, "timeoutMS": 0, "maxPoolSize": 1e300 }));
        assert_eq!(given.millis("socketTimeoutMS").unwrap(), Some(LONGEST));
        assert_eq!(given.timeout("timeoutMS").unwrap(), None);
        assert_eq!(given.u32("maxPoolSize").unwrap(), Some(u32::MAX));
    }
}
