//! Whether a collection's collation takes for one what differs: two session ids, so that a visitor would get another's
//! session, or two values of one session, so that a conditional set would overwrite what it does not expect.

use bson::Document;

use super::reply::integer;

/// `collation`: as `listIndexes` has it. `compares_values`: the store makes conditional sets. Returns what is wrong, and what
/// to do. lib/backends/driver/collation.js has the same.
pub fn fault(collection: &str, collation: &Document, compares_values: bool) -> Option<String> {
    let locale = collation.get_str("locale").unwrap_or("simple");
    if locale == "simple" {
        return None;
    }
    let strength = collation.get("strength").and_then(integer).unwrap_or(3);
    let described = format!("the collation of {collection} (locale {locale}, strength {strength})");
    if equates_ids(collation, strength) {
        return Some(format!(
            "{described} takes session ids that differ for one, so that a visitor could get another's session. \
             Remedy: name another collection, or make this one anew without a collation"
        ));
    }
    compares_values.then(|| {
        format!(
            "{described} takes sessions that differ for equal, so that conflicts could lose what others have saved. \
             Remedy: name another collection, make this one anew without a collation, or leave conflicts out"
        )
    })
}

/// Whether two ids of ASCII letters, digits and punctuation can be equal, as measured on MongoDB 6.0.5.
fn equates_ids(collation: &Document, strength: i64) -> bool {
    let is_numeric = collation.get_bool("numericOrdering").unwrap_or(false);
    let ignores_punctuation = matches!(collation.get_str("alternate"), Ok("shifted"))
        && collation.get_str("maxVariable").unwrap_or("punct") == "punct";
    strength < 3 || (is_numeric && strength < 5) || (ignores_punctuation && strength < 4)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn ids_that_are_equal_are_a_fault_for_every_store() {
        for collation in [
            doc! { "locale": "en", "strength": 1 },
            doc! { "locale": "en", "strength": 1, "caseLevel": true },
            doc! { "locale": "en", "strength": 2 },
            doc! { "locale": "en", "strength": 3, "numericOrdering": true },
            doc! { "locale": "en", "strength": 3, "alternate": "shifted", "maxVariable": "punct" },
        ] {
            assert!(fault("sessions", &collation, false).is_some(), "{collation}");
        }
    }

    #[test]
    fn values_that_are_equal_are_a_fault_for_conditional_sets_alone() {
        for collation in [
            doc! { "locale": "en", "strength": 3 },
            doc! { "locale": "en", "strength": 5, "numericOrdering": true },
            doc! { "locale": "en", "strength": 4, "alternate": "shifted", "maxVariable": "punct" },
            doc! { "locale": "en", "strength": 3, "alternate": "shifted", "maxVariable": "space" },
        ] {
            assert_eq!(fault("sessions", &collation, false), None, "{collation}");
            assert!(fault("sessions", &collation, true).is_some(), "{collation}");
        }
    }

    #[test]
    fn simple_is_none() {
        assert_eq!(fault("sessions", &doc! { "locale": "simple" }, true), None);
        assert_eq!(fault("sessions", &doc! {}, true), None);
    }
}
