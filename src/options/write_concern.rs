//! How far a write must have come to be acknowledged (7.5 `write_concern.js`, and the order of `OPTIONS` in
//! `connection_string.js`).

use std::time::Duration;

use mongodb::options::{Acknowledgment, WriteConcern};
use serde_json::{Map, Value};

use super::given::Given;
use super::values::{boolean, invalid, readable, refuse, uint};
use crate::error::Result;

/// From the connection string and `mongoOptions`.
pub(super) fn write_concern(given: &Given) -> Result<Option<WriteConcern>> {
    let flat = |name: &'static str| given.value(name);
    let of_object = match flat("writeConcern")? {
        None => Parts::default(),
        Some(Value::Object(object)) => Parts::of(object),
        Some(w) => Parts { w: Some(w), ..Parts::default() },
    };
    Parts {
        w: of_object.w.or(flat("w")?),
        j: of_object.j.or(flat("j")?),
        journal: of_object.journal.or(flat("journal")?),
        fsync: of_object.fsync.or(flat("fsync")?),
        // A flat `wtimeout` is applied last of all.
        wtimeout: flat("wtimeout")?.or(of_object.wtimeout),
        wtimeout_ms: of_object.wtimeout_ms.or(flat("wtimeoutMS")?),
    }
    .build()
}

/// From `writeOperationOptions`.
pub(super) fn write_concern_of(options: &Map<String, Value>) -> Result<Option<WriteConcern>> {
    Parts::of(options).build()
}

#[derive(Default)]
struct Parts<'a> {
    w: Option<&'a Value>,
    j: Option<&'a Value>,
    journal: Option<&'a Value>,
    fsync: Option<&'a Value>,
    wtimeout: Option<&'a Value>,
    wtimeout_ms: Option<&'a Value>,
}

impl<'a> Parts<'a> {
    fn of(object: &'a Map<String, Value>) -> Self {
        let part = |name| object.get(name).filter(|value| !value.is_null());
        Self {
            w: part("w"),
            j: part("j"),
            journal: part("journal"),
            fsync: part("fsync"),
            wtimeout: part("wtimeout"),
            wtimeout_ms: part("wtimeoutMS"),
        }
    }

    fn build(self) -> Result<Option<WriteConcern>> {
        // `fsync` was the older word for the journal (7.5 `write_concern.js`, the constructor).
        let journal = self.fsync.or(self.j).or(self.journal);
        let wtimeout =
            self.wtimeout.or(self.wtimeout_ms).map(|value| uint("wtimeoutMS", value)).transpose()?;
        let mut concern = WriteConcern::default();
        concern.w = self.w.map(acknowledgment).transpose()?;
        concern.journal = journal.map(|value| boolean("journal", value)).transpose()?;
        // 0 is how "no limit" is spelled. The server holds it in 32 bits.
        concern.w_timeout = wtimeout
            .filter(|&millis| millis > 0)
            .map(|millis| Duration::from_millis(millis.min(i32::MAX as u64)));
        Ok((concern != WriteConcern::default()).then_some(concern))
    }
}

fn acknowledgment(value: &Value) -> Result<Acknowledgment> {
    if let Value::Object(_) = readable("w", value)? {
        return Err(refuse("w", "it takes a number or the name of a write concern, not tags"));
    }
    // `Number(w)`, where that is one (7.5 `write_concern.js`).
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    match (number, value) {
        // 50 is the most members that a replica set can have, and the most that the server accepts.
        (Some(number), _) if (0.0..=50.0).contains(&number) && number.fract() == 0.0 =>
        {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 50")]
            Ok(Acknowledgment::Nodes(number as u32))
        }
        (None, Value::String(name)) if !name.is_empty() => Ok(name.as_str().into()),
        _ => Err(invalid(
            "w must be a whole number from 0 to 50, \"majority\", or the name of a write concern",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::config::Dialect;
    use serde_json::json;

    fn concern(query: &str, object: Value) -> Result<Option<WriteConcern>> {
        write_concern(&Given::of_query(query, object, Dialect::Modern))
    }

    fn built(w: Option<Acknowledgment>, journal: Option<bool>, millis: Option<u64>) -> Option<WriteConcern> {
        let mut concern = WriteConcern::default();
        (concern.w, concern.journal, concern.w_timeout) = (w, journal, millis.map(Duration::from_millis));
        Some(concern)
    }

    #[test]
    fn from_every_source() {
        let nodes = |nodes| Some(Acknowledgment::Nodes(nodes));
        let named = |name: &str| Some(Acknowledgment::from(name));
        let j = Some(true);
        for (query, object, expected) in [
            ("", json!({}), None),
            ("wtimeoutMS=0", json!({}), None),
            ("w=majority", json!({}), built(Some(Acknowledgment::Majority), None, None)),
            ("w=0", json!({}), built(nodes(0), None, None)),
            ("w=2&journal=true&wtimeoutMS=5", json!({}), built(nodes(2), j, Some(5))),
            ("w=3", json!({ "j": true }), built(nodes(3), j, None)),
            ("w=1&journal=true", json!({ "writeConcern": { "w": "dcs" } }), built(named("dcs"), j, None)),
            ("", json!({ "writeConcern": { "w": "2", "j": 1, "wtimeout": 3 } }), built(nodes(2), j, Some(3))),
            ("", json!({ "writeConcern": "dcs", "wtimeout": "7" }), built(named("dcs"), None, Some(7))),
            ("fsync=true&w=dcs", json!({}), built(named("dcs"), j, None)),
        ] {
            assert_eq!(concern(query, object.clone()).unwrap(), expected, "{query} {object}");
        }
        let own = json!({ "w": 1, "j": true, "wtimeoutMS": 9, "upsert": true });
        assert_eq!(write_concern_of(own.as_object().unwrap()).unwrap(), built(nodes(1), j, Some(9)));
        assert_eq!(write_concern_of(&Map::new()).unwrap(), None);
    }

    #[test]
    fn refusals() {
        for (object, expected) in [
            (json!({ "w": -1 }), "whole number"),
            (json!({ "w": 1.5 }), "whole number"),
            (json!({ "w": 51 }), "whole number"),
            (json!({ "w": true }), "whole number"),
            (json!({ "w": { "dc": 1 } }), "backend: 'driver'"),
            (json!({ "j": "maybe" }), "journal must be"),
            (json!({ "wtimeout": -1 }), "positive int"),
        ] {
            let error = concern("", object.clone()).unwrap_err();
            assert!(error.message.contains(expected), "{object}: {error}");
        }
    }
}
