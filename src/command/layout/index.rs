//! The indexes that a layout wants, and what those that a collection has mean for them.
//!
//! An index is judged by its key and its options, never by its name. It may be the app's own: no advice takes it away.
//! lib/backends/driver/layouts/existing-indexes.js has the same.

use std::fmt::Write;

use bson::{Bson, Document};

use crate::command::reply::integer;

/// An index that a layout wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    pub keys: Vec<String>,
    pub unique: bool,
    /// Seconds after which MongoDB removes a row by itself.
    pub expire_after: Option<i64>,
    /// Whether it is asked for with `background`, as the peer does. Servers from 4.2 on store it, and nothing else.
    pub background: bool,
}

/// What tells indexes on one key apart, or changes what they do.
const OPTIONS: [&str; 5] = ["unique", "sparse", "partialFilterExpression", "collation", "expireAfterSeconds"];

impl Index {
    pub fn on(keys: &[&str]) -> Self {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Self { keys, unique: false, expire_after: None, background: false }
    }

    /// The name that MongoDB gives it, and under which the peers left it in place.
    pub fn name(&self) -> String {
        self.keys.iter().map(|key| format!("{key}_1")).collect::<Vec<_>>().join("_")
    }

    fn key_names(&self) -> Vec<&str> {
        self.keys.iter().map(String::as_str).collect()
    }

    /// Whether an index does what is wanted. Dates and the rows that have one are the same in any collation, and sparse.
    pub fn is_served_by(&self, existing: &Document) -> bool {
        if !is_on(existing, &self.key_names())
            || is_set(existing, "unique") != self.unique
            || existing.contains_key("partialFilterExpression")
        {
            return false;
        }
        match self.expire_after {
            None => !existing.contains_key("collation"),
            wanted => existing.get("expireAfterSeconds").and_then(integer) == wanted,
        }
    }

    /// What is in the way of an index, and what to do. `existing`: all that could be listed.
    pub fn conflict(&self, existing: &[Document], collection: &str) -> String {
        let (name, names) = (self.name(), self.key_names());
        let on = show_keys(names.iter().map(|key| (*key, "1".to_owned())));
        let is_rival =
            |one: &&Document| is_on(one, &names) && is_whole(one) && is_set(one, "unique") == self.unique;
        if let (Some(rival), Some(wanted)) = (existing.iter().find(is_rival), self.expire_after) {
            let name = rival.get_str("name").unwrap_or_default();
            let (wrong, older) = match rival.get("expireAfterSeconds").and_then(integer) {
                Some(seconds) => {
                    (format!("removes sessions {seconds} seconds after that date, not {wanted}"), "")
                }
                None => (
                    "does not remove expired sessions by itself".to_owned(),
                    " (before MongoDB 5.1, create it again with this option)",
                ),
            };
            return format!(
                "an index on {on} exists that {wrong}. Remedy: db.runCommand({{ collMod: '{collection}', index: \
                 {{ name: '{name}', expireAfterSeconds: {wanted} }} }}){older}"
            );
        }
        let Some(namesake) =
            existing.iter().find(|one| one.get_str("name").is_ok_and(|existing| existing == name))
        else {
            return format!(
                "an index with the name {name} or on {on} exists, with other options. Remedy: compare \
                 db.getCollection('{collection}').getIndexes() with {}",
                self.creation(Some(&name))
            );
        };
        let older = if is_on(namesake, &names) {
            " (before MongoDB 5.0 a key has one index: another collection)"
        } else {
            ""
        };
        format!(
            "the name {name} is that of another index, on {}. Remedy: create the store's under another name, once: \
             db.getCollection('{collection}').{}{older}",
            describe(namesake),
            self.creation(Some(&format!("sessions_{name}")))
        )
    }

    /// As people call it. `name`: unless MongoDB is to choose it.
    pub fn creation(&self, name: Option<&str>) -> String {
        let mut options = Vec::new();
        if self.unique {
            options.push("unique: true".to_owned());
        }
        options.extend(self.expire_after.map(|seconds| format!("expireAfterSeconds: {seconds}")));
        options.extend(name.map(|name| format!("name: '{name}'")));
        let keys = show_keys(self.keys.iter().map(|key| (key.as_str(), "1".to_owned())));
        if options.is_empty() {
            return format!("createIndex({keys})");
        }
        format!("createIndex({keys}, {{ {} }})", options.join(", "))
    }
}

/// Whether an index that exists is on these fields. The legacy shell wrote its `1` as a double.
pub fn is_on(existing: &Document, fields: &[&str]) -> bool {
    existing
        .get_document("key")
        .is_ok_and(|key| key.keys().eq(fields) && key.values().all(|direction| integer(direction) == Some(1)))
}

/// Whether an index has all rows, sorted as MongoDB sorts by itself. Others may stand beside it, on the same key.
pub fn is_whole(existing: &Document) -> bool {
    !is_set(existing, "sparse")
        && !existing.contains_key("partialFilterExpression")
        && !existing.contains_key("collation")
}

pub fn is_set(existing: &Document, option: &str) -> bool {
    existing.get_bool(option).unwrap_or_default()
}

fn describe(existing: &Document) -> String {
    let key = existing.get_document("key").into_iter().flatten();
    let mut text = show_keys(key.map(|(field, direction)| (field.as_str(), show_direction(direction))));
    let options: Vec<&str> = OPTIONS.into_iter().filter(|name| existing.contains_key(name)).collect();
    if !options.is_empty() {
        let _ = write!(text, " with {}", options.join(", "));
    }
    text
}

/// Of kinds without a direction, such as `hashed`, their name.
fn show_direction(direction: &Bson) -> String {
    match direction {
        Bson::String(kind) => kind.clone(),
        number => integer(number).map_or_else(|| number.to_string(), |number| number.to_string()),
    }
}

fn show_keys<'a>(keys: impl Iterator<Item = (&'a str, String)>) -> String {
    let shown: Vec<String> = keys.map(|(field, direction)| format!("{field}: {direction}")).collect();
    format!("{{ {} }}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn ttl() -> Index {
        Index { expire_after: Some(0), ..Index::on(&["expires"]) }
    }

    #[test]
    fn an_index_is_judged_by_key_and_options() {
        let ttl =
            doc! { "key": { "expires": 1.0 }, "name": "mine", "expireAfterSeconds": 0.0, "sparse": true };
        assert!(self::ttl().is_served_by(&ttl));
        assert!(Index::on(&["expires"]).is_served_by(&ttl), "it finds what has expired");
        for (option, value) in [
            ("unique", Bson::from(true)),
            ("partialFilterExpression", doc! { "a": 1 }.into()),
            ("key", doc! { "a": 1 }.into()),
        ] {
            let mut other = ttl.clone();
            other.insert(option, value);
            assert!(!self::ttl().is_served_by(&other), "{option}");
        }
        assert!(!self::ttl().is_served_by(&doc! { "key": { "expires": 1 }, "expireAfterSeconds": 60 }));
        let wanted = Index { unique: true, ..Index::on(&["sid"]) };
        let sid = doc! { "key": { "sid": 1 }, "unique": true };
        assert!(wanted.is_served_by(&sid));
        let mut other = sid.clone();
        other.insert("collation", doc! { "locale": "en" });
        assert!(!wanted.is_served_by(&other), "it takes sids for equal that are not");
    }

    #[test]
    fn what_only_has_the_name_is_left_alone() {
        let own = doc! { "key": { "a": -1, "b": "hashed" }, "name": "expires_1", "unique": true };
        assert_eq!(
            ttl().conflict(&[own], "c"),
            "the name expires_1 is that of another index, on { a: -1, b: hashed } with unique. Remedy: create the store's \
             under another name, once: db.getCollection('c').createIndex({ expires: 1 }, { expireAfterSeconds: 0, name: \
             'sessions_expires_1' })"
        );
    }

    #[test]
    fn what_has_the_key_can_be_changed() {
        let mut plain = doc! { "key": { "expires": 1 }, "name": "mine" };
        let text = ttl().conflict(std::slice::from_ref(&plain), "c");
        assert!(text.contains("does not remove"), "{text}");
        assert!(text.contains("index: { name: 'mine', expireAfterSeconds: 0 }"), "{text}");
        plain.insert("expireAfterSeconds", 60);
        assert!(ttl().conflict(&[plain], "c").contains("60 seconds after that date, not 0"));
        assert!(ttl().conflict(&[], "c").contains("getIndexes()"), "nobody may see what is there");
    }
}
