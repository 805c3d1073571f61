//! One option's value, read by type as the Node.js driver reads it (7.5 `connection_string.js`: `getBoolean`,
//! `getIntFromOptions`; the truth values of 4.17 are accepted too), and the errors about it.

use serde_json::Value;

use crate::error::{Error, Result};

pub(super) fn parse_error(message: impl Into<String>) -> Error {
    Error::new("MongoParseError", message)
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new("MongoInvalidArgumentError", message)
}

/// The one form in which the core says what it can't do.
pub(super) fn refuse(name: &str, why: &str) -> Error {
    invalid(format!(
        "The native backend can't apply the connection option {name}: {why}. With `backend: 'driver'` the mongodb \
         package connects, which can"
    ))
}

/// What the shim replaced: a function, or an instance of a class.
pub(super) fn unsupported(value: &Value) -> Option<&str> {
    match value {
        Value::Object(object) if object.len() == 1 => object.get("$unsupported")?.as_str(),
        _ => None,
    }
}

pub(super) fn readable<'a>(name: &str, value: &'a Value) -> Result<&'a Value> {
    match unsupported(value) {
        Some("function") => Err(refuse(name, "it can't call a JavaScript function")),
        Some(class) => Err(refuse(
            name,
            &format!("it takes strings, numbers, booleans and plain objects, and got an instance of {class}"),
        )),
        None => Ok(value),
    }
}

pub(super) fn boolean(name: &str, value: &Value) -> Result<bool> {
    let text = match value {
        Value::Bool(value) => return Ok(*value),
        Value::String(text) => text.to_ascii_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    match text.as_str() {
        "true" | "t" | "1" | "y" | "yes" => Ok(true),
        "false" | "f" | "0" | "n" | "no" | "-1" => Ok(false),
        _ => Err(parse_error(format!("{name} must be either \"true\" or \"false\""))),
    }
}

/// `parseInteger` (7.5 `utils.js`): a number is truncated, of a string its leading digits count.
pub(super) fn integer(name: &str, value: &Value) -> Result<i64> {
    let integer = match value {
        #[expect(clippy::cast_possible_truncation, reason = "saturating; NaN can't occur in JSON")]
        Value::Number(number) => number.as_i64().or(number.as_f64().map(|number| number as i64)),
        Value::String(text) => leading_integer(text),
        _ => None,
    };
    integer.ok_or_else(|| parse_error(format!("Expected {name} to be stringified int value")))
}

fn leading_integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    Some(sign * digits[..end].parse().unwrap_or(i64::MAX))
}

pub(super) fn uint(name: &str, value: &Value) -> Result<u64> {
    integer(name, value)?
        .try_into()
        .map_err(|_| parse_error(format!("{name} can only be a positive int value")))
}

/// `String(value)` of what has a sensible one.
pub(super) fn string(name: &str, value: &Value) -> Result<String> {
    match readable(name, value)? {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(parse_error(format!("{name} must be a string"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn booleans() {
        for value in [json!(true), json!("true"), json!("YES"), json!("1"), json!("t"), json!("y"), json!(1)]
        {
            assert!(boolean("x", &value).unwrap(), "{value}");
        }
        for value in
            [json!(false), json!("false"), json!("No"), json!("0"), json!("f"), json!(0), json!("-1")]
        {
            assert!(!boolean("x", &value).unwrap(), "{value}");
        }
        for value in [json!("maybe"), json!(2), json!({}), json!([])] {
            assert_eq!(boolean("x", &value).unwrap_err().message, "x must be either \"true\" or \"false\"");
        }
    }

    #[test]
    fn integers() {
        for (value, expected) in [
            (json!(5), 5),
            (json!(1.7), 1),
            (json!("12"), 12),
            (json!(" 12abc"), 12),
            (json!("-3"), -3),
            (json!("+3"), 3),
            (json!(1e300), i64::MAX),
            (json!("99999999999999999999"), i64::MAX),
        ] {
            assert_eq!(integer("x", &value).unwrap(), expected, "{value}");
        }
        for value in [json!("abc"), json!("-"), json!(true), json!({})] {
            assert!(integer("x", &value).is_err(), "{value}");
        }
        assert!(uint("x", &json!(-1)).is_err());
    }

    #[test]
    fn strings() {
        assert_eq!(string("x", &json!(1)).unwrap(), "1");
        assert_eq!(string("x", &json!(false)).unwrap(), "false");
        assert!(string("x", &json!({ "a": 1 })).is_err());
    }
}
