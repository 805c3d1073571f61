//! From which members to read, and how fresh a state (7.5 `read_preference.js`, `read_concern.js`, and the
//! order of `OPTIONS` in `connection_string.js`).

use std::time::Duration;

use mongodb::options::{ReadConcern, ReadPreference, ReadPreferenceOptions, TagSet};
use serde_json::Value;

use super::config::Dialect;
use super::given::Given;
use super::values::{integer, invalid, parse_error, readable, string, uint};
use crate::error::Result;

/// How often an idle primary writes to its oplog: a staleness can't be told more finely (driver
/// `sdam/description/topology.rs:787`, `verify_max_staleness`).
const IDLE_WRITE_PERIOD: Duration = Duration::from_secs(10);
const SMALLEST_MAX_STALENESS: Duration = Duration::from_secs(90);

/// `None` is `primary`. Tags and a staleness without a mode change nothing, as in Node.js (measured with
/// 7.5.0: the default mode overrides them).
pub(super) fn read_preference(
    given: &Given,
    dialect: Dialect,
    heartbeat: Duration,
) -> Result<Option<ReadPreference>> {
    let mut tags = given.all("readPreferenceTags").next();
    let mut staleness = given.value("maxStalenessSeconds")?;
    let mode = match given.value("readPreference")? {
        None => return Ok(None),
        Some(Value::Object(object)) => {
            let part = |name| object.get(name).filter(|value| !value.is_null());
            tags = tags.or(part("tags"));
            staleness = part("maxStalenessSeconds").or(staleness);
            match part("mode").or(part("preference")) {
                Some(mode) => string("readPreference", mode)?,
                None => {
                    return Err(parse_error("readPreference must be a string or an object with a mode"));
                }
            }
        }
        Some(mode) => string("readPreference", mode)?,
    };

    let staleness = staleness.map(|value| max_staleness(value, heartbeat)).transpose()?.flatten();
    let tag_sets = tags.map(|value| tag_sets(given, value)).transpose()?.filter(|sets| !sets.is_empty());
    let options = (tag_sets.is_some() || staleness.is_some())
        .then(|| ReadPreferenceOptions::builder().tag_sets(tag_sets).max_staleness(staleness).build());
    Ok(Some(match mode.to_ascii_lowercase().as_str() {
        // Tags with primary are dropped by Node.js too; 3.x drops the staleness as well.
        "primary" if staleness.is_some() && dialect == Dialect::Modern => {
            return Err(invalid("Primary read preference cannot be combined with maxStalenessSeconds"));
        }
        "primary" => ReadPreference::Primary,
        "primarypreferred" => ReadPreference::PrimaryPreferred { options },
        "secondary" => ReadPreference::Secondary { options },
        "secondarypreferred" => ReadPreference::SecondaryPreferred { options },
        "nearest" => ReadPreference::Nearest { options },
        _ => {
            return Err(invalid(
                "Invalid read preference mode: it must be one of primary, primaryPreferred, secondary, \
                 secondaryPreferred, nearest",
            ));
        }
    }))
}

fn max_staleness(value: &Value, heartbeat: Duration) -> Result<Option<Duration>> {
    // -1 is how the specification writes "no maximum".
    if integer("maxStalenessSeconds", value)? == -1 {
        return Ok(None);
    }
    let staleness = Duration::from_secs(uint("maxStalenessSeconds", value)?);
    let least = SMALLEST_MAX_STALENESS.max(heartbeat + IDLE_WRITE_PERIOD);
    if staleness < least {
        return Err(invalid(format!("maxStalenessSeconds must be at least {} seconds", least.as_secs())));
    }
    Ok(Some(staleness))
}

/// One set, or an array of sets, or the connection string's repeated `k:v,k:v`.
fn tag_sets(given: &Given, value: &Value) -> Result<Vec<TagSet>> {
    match readable("readPreferenceTags", value)? {
        Value::Array(sets) => sets.iter().map(tag_set).collect(),
        Value::String(_) => given.all("readPreferenceTags").map(tag_set).collect(),
        set => Ok(vec![tag_set(set)?]),
    }
}

fn tag_set(set: &Value) -> Result<TagSet> {
    match set {
        Value::String(text) if text.is_empty() => Ok(TagSet::new()),
        Value::String(text) => text
            .split(',')
            .map(|tag| match tag.split_once(':') {
                Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
                None => Err(parse_error("readPreferenceTags must be a list of name:value pairs")),
            })
            .collect(),
        Value::Object(tags) => tags
            .iter()
            .map(|(name, value)| Ok((name.clone(), string("readPreferenceTags", value)?)))
            .collect(),
        _ => Err(parse_error("readPreferenceTags must be objects of tags")),
    }
}

pub(super) fn read_concern(given: &Given) -> Result<Option<ReadConcern>> {
    let level = match (given.string("readConcernLevel")?, given.value("readConcern")?) {
        (Some(level), _) => level,
        (None, None) => return Ok(None),
        (None, Some(Value::Object(concern))) => match concern.get("level").filter(|level| !level.is_null()) {
            Some(level) => string("readConcern", level)?,
            None => return Ok(None),
        },
        // Driver 3.x takes the level itself, and `readConcern=majority` in the connection string.
        (None, Some(level)) => string("readConcern", level)?,
    };
    Ok(Some(ReadConcern::custom(level)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEARTBEAT: Duration = Duration::from_secs(10);

    fn given(query: &str, object: Value) -> Given {
        Given::of_query(query, object, Dialect::Modern)
    }

    fn preference(query: &str, object: Value) -> Result<Option<ReadPreference>> {
        read_preference(&given(query, object), Dialect::Modern, HEARTBEAT)
    }

    #[test]
    fn modes() {
        use ReadPreference::{Nearest, Primary, PrimaryPreferred, Secondary, SecondaryPreferred};
        let options = None;
        for (query, object, expected) in [
            ("", json!({}), None),
            ("readPreferenceTags=dc:ny&maxStalenessSeconds=100", json!({}), None),
            ("readPreference=primary&readPreferenceTags=dc:ny", json!({}), Some(Primary)),
            ("readPreference=SECONDARY", json!({}), Some(Secondary { options: None })),
            (
                "readPreference=primary",
                json!({ "readPreference": "nearest" }),
                Some(Nearest { options: None }),
            ),
            (
                "",
                json!({ "readPreference": { "mode": "primaryPreferred" } }),
                Some(PrimaryPreferred { options: None }),
            ),
            (
                "",
                json!({ "read_preference": { "preference": "secondaryPreferred", "tags": [] } }),
                Some(SecondaryPreferred { options }),
            ),
        ] {
            assert_eq!(preference(query, object.clone()).unwrap(), expected, "{query} {object}");
        }
    }

    #[test]
    fn tags_and_staleness() {
        let tags = vec![TagSet::from([("dc".to_owned(), "ny".to_owned())]), TagSet::new()];
        let options =
            ReadPreferenceOptions::builder().tag_sets(tags).max_staleness(Duration::from_secs(120)).build();
        let expected = ReadPreference::Secondary { options: Some(options) };
        for (query, object) in [
            (
                "readPreference=secondary&readPreferenceTags=dc:ny&readPreferenceTags=&maxStalenessSeconds=120",
                json!({}),
            ),
            (
                "maxStalenessSeconds=120",
                json!({ "readPreference": { "mode": "secondary", "tags": [{ "dc": "ny" }, {}] } }),
            ),
            (
                "readPreference=secondary",
                json!({ "readPreferenceTags": ["dc:ny", ""], "maxStalenessSeconds": "120" }),
            ),
        ] {
            assert_eq!(
                preference(query, object.clone()).unwrap(),
                Some(expected.clone()),
                "{query} {object}"
            );
        }
        let unlimited = preference("readPreference=nearest&maxStalenessSeconds=-1", json!({})).unwrap();
        assert_eq!(unlimited, Some(ReadPreference::Nearest { options: None }));
    }

    #[test]
    fn refusals() {
        for (query, name) in [
            ("readPreference=bogus", "MongoInvalidArgumentError"),
            ("readPreference=secondary&maxStalenessSeconds=89", "MongoInvalidArgumentError"),
            ("readPreference=primary&maxStalenessSeconds=100", "MongoInvalidArgumentError"),
            ("readPreference=nearest&readPreferenceTags=dc", "MongoParseError"),
            ("readPreference=nearest&maxStalenessSeconds=abc", "MongoParseError"),
        ] {
            assert_eq!(preference(query, json!({})).unwrap_err().name, name, "{query}");
        }
        assert!(preference("", json!({ "readPreference": { "tags": [] } })).is_err());
        let slow = given("readPreference=secondary&maxStalenessSeconds=100", json!({}));
        assert!(read_preference(&slow, Dialect::Modern, Duration::from_secs(120)).is_err());
        let legacy = given("readPreference=primary&maxStalenessSeconds=100", json!({}));
        assert!(read_preference(&legacy, Dialect::Legacy, HEARTBEAT).is_ok());
    }

    #[test]
    fn read_concerns() {
        for (query, object, expected) in [
            ("", json!({}), None),
            ("readConcernLevel=majority", json!({}), Some("majority")),
            ("readConcern=local", json!({}), Some("local")),
            ("readConcernLevel=local", json!({ "readConcern": { "level": "majority" } }), Some("local")),
            ("", json!({ "readConcern": { "level": "linearizable" } }), Some("linearizable")),
            ("", json!({ "readConcern": {} }), None),
        ] {
            let found = read_concern(&given(query, object.clone())).unwrap();
            assert_eq!(found, expected.map(ReadConcern::custom), "{query} {object}");
        }
    }
}
