//! The core's values as JavaScript sees them, and back.

use std::sync::Arc;

use napi::{
    Env, JsValue, Result, Status, ValueType,
    bindgen_prelude::{JsObjectValue, Null, Object, ToNapiValue, Unknown},
};

use super::strings::{self, Js};
use crate::{
    command::bson::{Writer, elements},
    error::Error,
    session::{Expected, Expiry, Filter, Id, NEVER, Outcome, Row, StoredRow, Value, bson_type as tag},
    store::sink::{CommandReport, Event},
};

pub fn outcome(env: &Env, outcome: &Outcome) -> Result<Js> {
    match outcome {
        Outcome::Row(None) => null(env),
        Outcome::Row(Some(found)) => row(env, None, found),
        Outcome::Created => string(env, "created"),
        Outcome::Updated => string(env, "updated"),
        Outcome::Matched(yes) | Outcome::Removed(yes) => js(env, *yes),
        Outcome::Count(count) => number(env, *count),
        Outcome::Page { rows, ids_only, next } => {
            let list = rows.iter().map(
                |(key, found)| {
                    if *ids_only { id(env, key) } else { row(env, Some(key), found) }
                },
            );
            let mut page = Object::new(env)?;
            page.set_c_named_property(c"rows", list.collect::<Result<Vec<Js>>>()?)?;
            page.set_c_named_property(
                c"next",
                next.as_ref().map_or_else(|| null(env), |next| id(env, next))?,
            )?;
            Ok(page.raw())
        }
        Outcome::Claimed(None) => null(env),
        Outcome::Claimed(Some(claimed)) => row(env, Some(&claimed.0), &claimed.1),
        Outcome::Done | Outcome::Closed => js(env, ()),
    }
}

pub fn event(env: &Env, event: &Event) -> Result<Js> {
    let elements = match event {
        Event::Connected => vec![string(env, "connected")?],
        Event::Disconnected => vec![string(env, "disconnected")?],
        Event::SweepDue => vec![string(env, "due")?],
        #[expect(clippy::cast_precision_loss, reason = "lengths")]
        Event::Command(CommandReport { name, operations, bytes, took, error: failure }) => vec![
            string(env, "command")?,
            string(env, name)?,
            js(env, *operations as f64)?,
            js(env, *bytes as f64)?,
            js(env, took.as_secs_f64() * 1000.0)?,
            failure.as_ref().map_or_else(|| null(env), |failure| error(env, failure))?,
        ],
        Event::Error(cause, source) => vec![string(env, "error")?, error(env, cause)?, string(env, source)?],
        #[expect(clippy::cast_precision_loss, reason = "sequence numbers count operations")]
        Event::Room(sequence) => vec![string(env, "room")?, js(env, *sequence as f64)?],
        #[expect(clippy::cast_precision_loss, reason = "sequence numbers count operations")]
        Event::Conflict { sequence, row, resent } => {
            let row = row.as_ref().map_or_else(|| null(env), |row| stored_row(env, row))?;
            vec![string(env, "conflict")?, js(env, *sequence as f64)?, row, js(env, *resent)?]
        }
        Event::Warning { code, message } => {
            vec![string(env, "warning")?, string(env, code)?, string(env, message)?]
        }
    };
    js(env, elements)
}

/// What the shim makes an error of: an `Error` of this environment would be of another realm than the caller's, where a
/// test runner has one for each file, and would not know who waits for the operation.
pub fn error(env: &Env, error: &Error) -> Result<Js> {
    with_properties(env, Object::new(env)?, error).map(|object| object.raw())
}

/// The same as an `Error`, to be thrown: Node-API throws nothing else.
pub fn thrown(env: &Env, error: &Error) -> Result<napi::Error> {
    let mut object = env.create_error(napi::Error::from_reason(&error.message))?;
    // Node-API gives every error a code of its own.
    object.set_c_named_property(c"code", ())?;
    with_properties(env, object, error).map(|object| napi::Error::from(object.to_unknown()))
}

fn with_properties<'env>(env: &Env, mut object: Object<'env>, error: &Error) -> Result<Object<'env>> {
    object.set_c_named_property(c"isOfCore", true)?;
    object.set_c_named_property(c"name", error.name)?;
    object.set_c_named_property(c"message", &error.message)?;
    if let Some(code) = error.code {
        object.set_c_named_property(c"code", code)?;
    }
    if let Some(name) = &error.code_name {
        object.set_c_named_property(c"codeName", name)?;
    }
    object.set_c_named_property(c"errorLabels", error.labels.clone())?;
    if let Some(cause) = &error.cause {
        object.set_c_named_property(c"cause", self::error(env, cause)?)?;
    }
    Ok(object)
}

pub fn null(env: &Env) -> Result<Js> {
    js(env, Null)
}

fn js(env: &Env, value: impl ToNapiValue) -> Result<Js> {
    value.into_unknown(env).map(|value| value.raw())
}

fn string(env: &Env, value: &str) -> Result<Js> {
    strings::create(env.raw(), value.as_bytes())
}

fn number(env: &Env, value: u64) -> Result<Js> {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    js(env, value as f64)
}

fn millis(env: &Env, value: Option<i64>) -> Result<Js> {
    #[expect(clippy::cast_precision_loss, reason = "a Date's time value is within ±8.64e15")]
    value.map_or_else(|| null(env), |millis| js(env, millis as f64))
}

fn row(env: &Env, key: Option<&Id>, row: &Row) -> Result<Js> {
    let mut object = Object::new(env)?;
    if let Some(key) = key {
        object.set_c_named_property(c"id", id(env, key)?)?;
    }
    object.set_c_named_property(c"value", value(env, &row.value)?)?;
    object.set_c_named_property(
        c"expires",
        millis(env, row.dates.expires.filter(|millis| *millis != NEVER))?,
    )?;
    object.set_c_named_property(c"lastModified", millis(env, row.dates.last_modified)?)?;
    Ok(object.raw())
}

/// Its `expires` is `undefined` where there is none, and `null` where it is no date.
fn stored_row(env: &Env, row: &StoredRow) -> Result<Js> {
    let mut object = Object::new(env)?;
    object.set_c_named_property(c"value", value(env, &row.value)?)?;
    let expires = match row.expiry {
        Expiry::Absent => js(env, ())?,
        Expiry::At(at) => millis(env, Some(at))?,
        Expiry::NotADate => null(env)?,
    };
    object.set_c_named_property(c"expires", expires)?;
    object.set_c_named_property(c"lastModified", millis(env, row.last_modified)?)?;
    Ok(object.raw())
}

/// A string as itself, `null` as itself, anything else as the BSON of `{ session: value }`; so does a string that is no
/// UTF-8: what comes of that is the app's bson to say, as it is on a borrowed connection.
fn value(env: &Env, value: &Value) -> Result<Js> {
    match value.tag {
        tag::STRING if std::str::from_utf8(&value.bytes).is_ok() => strings::create(env.raw(), &value.bytes),
        tag::NULL => null(env),
        tag => {
            let mut document = Writer::new(value.bytes.len() + 32);
            document.value("session", tag, &value.bytes);
            strings::create_buffer(env.raw(), document.finish().as_bytes())
        }
    }
}

/// A string as itself, any other id as its BSON type and value.
fn id(env: &Env, id: &Id) -> Result<Js> {
    if id.tag() == tag::STRING {
        return strings::create(env.raw(), id.bytes());
    }
    let bytes: Vec<u8> = std::iter::once(id.tag()).chain(id.bytes().iter().copied()).collect();
    strings::create_buffer(env.raw(), &bytes)
}

pub fn read_id(env: &Env, value: Unknown) -> Result<Id> {
    if value.get_type()? == ValueType::String {
        return strings::with_utf8(env.raw(), value.raw(), Id::text);
    }
    let id = strings::with_bytes(env.raw(), value.raw(), |bytes| {
        bytes.split_first().map(|(tag, value)| Id::new(*tag, value))
    })?;
    id.ok_or_else(|| invalid("an id that is no string crosses as its BSON type and value"))
}

/// `undefined`: none. `false`: no row. Otherwise a row with this value, which is live at `now`, in milliseconds, if that is
/// given.
pub fn read_expected(env: &Env, value: Unknown, now: Option<i64>) -> Result<Option<Box<Expected>>> {
    match value.get_type()? {
        ValueType::Undefined => Ok(None),
        ValueType::Boolean => Ok(Some(Box::new(Expected::NoRow))),
        _ => {
            let value = read_value(env, value)?;
            Ok(Some(Box::new(Expected::Row { value, latest_expired: now })))
        }
    }
}

pub fn read_value(env: &Env, value: Unknown) -> Result<Value> {
    match value.get_type()? {
        ValueType::String => {
            strings::with_utf8(env.raw(), value.raw(), |bytes| Value::new(tag::STRING, bytes))
        }
        ValueType::Null => Ok(Value::null()),
        _ => {
            let value = strings::with_bytes(env.raw(), value.raw(), first_element)?;
            value
                .ok_or_else(|| invalid("a value that is no string crosses as the BSON of { session: value }"))
        }
    }
}

/// `undefined`: none.
pub fn read_fields(env: &Env, value: Unknown) -> Result<Option<Arc<[u8]>>> {
    if value.get_type()? == ValueType::Undefined {
        return Ok(None);
    }
    strings::with_bytes(env.raw(), value.raw(), |bytes| Some(bytes.into()))
}

/// The BSON document of a filter.
pub fn read_filter(env: &Env, value: Unknown) -> Result<Filter> {
    strings::with_bytes(env.raw(), value.raw(), |bytes| Value::new(tag::DOCUMENT, bytes))
}

fn first_element(bytes: &[u8]) -> Option<Value> {
    let document = bson::RawDocument::from_bytes(bytes).ok()?;
    let (_, tag, value) = elements(document).next()?;
    Some(Value::from_element(tag, value))
}

fn invalid(message: &str) -> napi::Error {
    napi::Error::new(Status::InvalidArg, message.to_owned())
}
