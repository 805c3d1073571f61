//! Splits a connection string as the Node.js driver does (`mongodb-connection-string-url`, and driver 3.x's
//! `uri_parser.js` where it tolerates more). The Rust driver's own parser refuses much that Node.js accepts.
//!
//! Nothing here judges option names or values. No error shows any part of the string but an option's name:
//! where a delimiter is missing, a password can stand in any position.

use crate::error::{Error, Result};

pub struct Uri {
    /// `mongodb+srv`: `hosts` is the one name to look up.
    pub srv: bool,
    pub hosts: Vec<String>,
    pub username: Option<String>,
    /// Present whenever `username` is: a missing password is an empty one, as in Node.js.
    pub password: Option<String>,
    pub database: Option<String>,
    /// Decoded names and values in the order given.
    pub options: Vec<(String, String)>,
}

/// What a userinfo section may hold only percent-encoded (the connection string specification's list).
const RESERVED: [char; 7] = [':', '/', '?', '#', '[', ']', '@'];

impl Uri {
    pub fn parse(uri: &str) -> Result<Uri> {
        // A line end that a shell or an .env file left behind is dropped by Node.js too.
        let uri = uri.trim();
        let (srv, rest) = if let Some(rest) = uri.strip_prefix("mongodb://") {
            (false, rest)
        } else if let Some(rest) = uri.strip_prefix("mongodb+srv://") {
            (true, rest)
        } else {
            return Err(parse_error(
                "Invalid scheme, expected connection string to start with \"mongodb://\" or \"mongodb+srv://\"",
            ));
        };

        // The first @ ends the userinfo, wherever it is: a slash before it is one that should have been
        // escaped.
        let (userinfo, rest) = match rest.split_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, rest),
        };
        let rest = rest.split_once('#').map_or(rest, |(before_fragment, _)| before_fragment);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        if userinfo.is_some() && hosts.contains('@') {
            return Err(unescaped("password"));
        }
        let (username, password) = match userinfo {
            Some(userinfo) => {
                let (username, password) = parse_userinfo(userinfo)?;
                (Some(username), Some(password))
            }
            None => (None, None),
        };

        Ok(Uri {
            srv,
            hosts: parse_hosts(hosts, srv)?,
            username,
            password,
            database: parse_database(path)?,
            options: parse_query(query)?,
        })
    }
}

fn parse_error(message: impl Into<String>) -> Error {
    Error::new("MongoParseError", message)
}

fn unescaped(what: &str) -> Error {
    parse_error(format!(
        "The {what} in the connection string contains unescaped characters: write it as \
         encodeURIComponent() returns it (an @ anywhere else in the string as %40)"
    ))
}

fn parse_userinfo(userinfo: &str) -> Result<(String, String)> {
    let (username, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    if username.is_empty() {
        return Err(parse_error("URI contained empty userinfo section"));
    }
    for (part, what) in [(username, "user name"), (password, "password")] {
        if part.contains(RESERVED) {
            return Err(unescaped(what));
        }
    }
    let decode = |part, what| percent_decode(part).ok_or_else(|| unescaped(what));
    Ok((decode(username, "user name")?, decode(password, "password")?))
}

fn parse_hosts(hosts: &str, srv: bool) -> Result<Vec<String>> {
    let hosts: Vec<String> =
        hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect();
    match hosts.as_slice() {
        [] => Err(parse_error("Protocol and host list are required in the uri")),
        [host] if srv && host.contains(':') => Err(parse_error("mongodb+srv URI cannot have port number")),
        [_, _, ..] if srv => Err(parse_error("mongodb+srv URI cannot have multiple service names")),
        _ => Ok(hosts),
    }
}

fn parse_database(path: &str) -> Result<Option<String>> {
    if path.is_empty() {
        return Ok(None);
    }
    match percent_decode(path) {
        Some(database) => Ok(Some(database)),
        None => Err(parse_error(
            "URI malformed: the database name in the connection string has a % that starts no escape",
        )),
    }
}

fn parse_query(query: &str) -> Result<Vec<(String, String)>> {
    let mut options = Vec::new();
    // `?&w=1` and a trailing `&` are accepted by Node.js.
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::new(
                "MongoAPIError",
                "An option in the connection string has no value: options are written name=value",
            ));
        };
        let (name, value) = (form_decode(name), form_decode(value));
        // An empty tag set is how the last resort is spelled: "any member".
        if value.is_empty() && !name.eq_ignore_ascii_case("readPreferenceTags") {
            return Err(Error::new(
                "MongoAPIError",
                format!("URI option \"{name}\" cannot be specified with no value"),
            ));
        }
        options.push((name, value));
    }
    Ok(options)
}

/// `decodeURIComponent`: `None` where it throws.
fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            decoded.push(hex_pair(&bytes[at + 1..])?);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}

/// `URLSearchParams`: a plus is a space, and what is no escape stands for itself.
fn form_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex_pair(&bytes[at + 1..])) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |index: usize| bytes.get(index).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str) -> Uri {
        Uri::parse(uri).unwrap_or_else(|error| panic!("{uri}: {error}"))
    }

    fn options(uri: &str) -> Vec<(String, String)> {
        parse(uri).options
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn hosts() {
        for (uri, hosts) in [
            ("mongodb://h", vec!["h"]),
            ("  mongodb://h\n", vec!["h"]),
            ("mongodb://h/", vec!["h"]),
            ("mongodb://h?w=1", vec!["h"]),
            ("mongodb://h#fragment", vec!["h"]),
            ("mongodb://a:1,b:2, c ,", vec!["a:1", "b:2", "c"]),
            ("mongodb://u:p@[::1]:27018/db", vec!["[::1]:27018"]),
            ("mongodb://%2Ftmp%2Fmongodb-27017.sock/db", vec!["%2Ftmp%2Fmongodb-27017.sock"]),
            ("mongodb+srv://cluster0.example.net/db", vec!["cluster0.example.net"]),
        ] {
            let parsed = parse(uri);
            assert_eq!(parsed.hosts, hosts, "{uri}");
            assert_eq!(parsed.srv, uri.contains("+srv"), "{uri}");
        }
    }

    #[test]
    fn user_information() {
        for (uri, username, password) in [
            ("mongodb://h", None, None),
            ("mongodb://u@h", Some("u"), Some("")),
            ("mongodb://u:@h", Some("u"), Some("")),
            ("mongodb://u%40x:p%3A%2F%25@h", Some("u@x"), Some("p:/%")),
            ("mongodb://u:p%C3%BC+@h", Some("u"), Some("pü+")),
            ("mongodb://u:p@h/db?appName=a@b", Some("u"), Some("p")),
        ] {
            let parsed = parse(uri);
            assert_eq!(parsed.username.as_deref(), username, "{uri}");
            assert_eq!(parsed.password.as_deref(), password, "{uri}");
        }
    }

    #[test]
    fn database() {
        for (uri, database) in [
            ("mongodb://h", None),
            ("mongodb://h/", None),
            ("mongodb://h/?w=1", None),
            ("mongodb://h/app", Some("app")),
            ("mongodb://h/app#x?w=1", Some("app")),
            ("mongodb://h/a%20b", Some("a b")),
        ] {
            assert_eq!(parse(uri).database.as_deref(), database, "{uri}");
        }
    }

    #[test]
    fn options_are_decoded_and_kept_in_order() {
        assert_eq!(
            options("mongodb://h/?&w=1&&W=2&"),
            pairs(&[("w", "1"), ("W", "2")]),
            "repetition is for the caller to judge"
        );
        assert_eq!(options("mongodb://h/?appName=a+b%2Bc"), pairs(&[("appName", "a b+c")]));
        assert_eq!(options("mongodb://h/?appName=100%&x=%zz"), pairs(&[("appName", "100%"), ("x", "%zz")]));
        assert_eq!(options("mongodb://h/?a=b=c"), pairs(&[("a", "b=c")]));
        assert_eq!(options("mongodb://h/?readPreferenceTags="), pairs(&[("readPreferenceTags", "")]));
    }

    #[test]
    fn refusals_never_print_what_could_be_a_password() {
        for (uri, name, expected) in [
            ("http://h", "MongoParseError", "Invalid scheme"),
            ("MONGODB://h", "MongoParseError", "Invalid scheme"),
            ("u:s3cret@h", "MongoParseError", "Invalid scheme"),
            ("mongodb://", "MongoParseError", "host list are required"),
            ("mongodb://u:s3cret@", "MongoParseError", "host list are required"),
            ("mongodb://,/db", "MongoParseError", "host list are required"),
            ("mongodb://:s3cret@h", "MongoParseError", "empty userinfo"),
            ("mongodb://@h", "MongoParseError", "empty userinfo"),
            ("mongodb://u:s3cret/x@h", "MongoParseError", "The password in"),
            ("mongodb://u:s3cret:x@h", "MongoParseError", "The password in"),
            ("mongodb://u:s3cret?x@h", "MongoParseError", "The password in"),
            ("mongodb://u:s3cret#x@h", "MongoParseError", "The password in"),
            ("mongodb://u:s3cret@x@h", "MongoParseError", "The password in"),
            ("mongodb://u:s3cret%zz@h", "MongoParseError", "The password in"),
            ("mongodb://u:s3cret%@h", "MongoParseError", "The password in"),
            ("mongodb://u:s3cret%ff@h", "MongoParseError", "The password in"),
            ("mongodb://u/s3cret:x@h", "MongoParseError", "The user name in"),
            ("mongodb://h/s3cret%zz", "MongoParseError", "URI malformed"),
            ("mongodb+srv://a.b.c,d.e.f", "MongoParseError", "multiple service names"),
            ("mongodb+srv://a.b.c:27017", "MongoParseError", "port number"),
            ("mongodb://h/?s3cret", "MongoAPIError", "no value"),
            ("mongodb://h/?replicaSet=", "MongoAPIError", "\"replicaSet\" cannot be specified with no value"),
        ] {
            let error = Uri::parse(uri).err().unwrap_or_else(|| panic!("{uri} was accepted"));
            assert_eq!(error.name, name, "{uri}");
            assert!(error.message.contains(expected), "{uri}: {}", error.message);
            assert!(!error.message.contains("s3cret"), "{uri}: {}", error.message);
        }
    }
}
