//! The certificates and keys that options name or hold, as the driver takes them: each kind in one PEM file.

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::given::Given;
use super::private_files::PrivateFiles;
use super::values::{invalid, readable, refuse, string};
use crate::error::Result;

#[derive(Clone, PartialEq, Serialize)]
pub(super) enum Pem {
    File(String),
    Text(String),
}

pub(super) const TRADITIONAL_KEY: &str = "it reads encrypted keys in PKCS#8 form only (`openssl pkcs8 -topk8` \
     converts other ones)";

pub(super) fn authorities(given: &Given) -> Result<Vec<Pem>> {
    if let Some(value) = given.value("ca")? {
        return pems("ca", value, false);
    }
    if let Some(path) = given.string("tlsCAFile")? {
        return Ok(vec![Pem::File(path)]);
    }
    given.value("sslCA")?.map_or(Ok(Vec::new()), |value| pems("sslCA", value, true))
}

pub(super) fn identity(given: &Given) -> Result<Vec<Pem>> {
    let part = |text: &'static str, either: &'static str, file: &[&'static str]| -> Result<Vec<Pem>> {
        if let Some(value) = given.value(text)? {
            return pems(text, value, false);
        }
        if let Some(value) = given.value(either)? {
            return pems(either, value, true);
        }
        for name in file {
            if let Some(path) = given.string(name)? {
                return Ok(vec![Pem::File(path)]);
            }
        }
        Ok(Vec::new())
    };
    let mut certificate = part("cert", "sslCert", &["tlsCertificateFile", "tlsCertificateKeyFile"])?;
    let key = part("key", "sslKey", &["tlsCertificateKeyFile"])?;
    if certificate.is_empty() != key.is_empty() {
        return Err(invalid(
            "A client certificate needs its key, and a key its certificate: give both in tlsCertificateKeyFile, or \
             as cert and key",
        ));
    }
    for pem in &key {
        if let Pem::Text(text) = pem
            && is_traditional(text)
        {
            return Err(refuse("key", TRADITIONAL_KEY));
        }
    }
    if certificate != key {
        certificate.extend(key);
    }
    Ok(certificate)
}

pub(super) fn is_traditional(text: &str) -> bool {
    text.contains("Proc-Type: 4,ENCRYPTED")
}

/// `or_path`: the `ssl*` options, of which driver 3.x takes the text and driver 4.x the path.
fn pems(name: &str, value: &Value, or_path: bool) -> Result<Vec<Pem>> {
    if let Value::Array(values) = value {
        let lists: Vec<Vec<Pem>> =
            values.iter().map(|value| pems(name, value, or_path)).collect::<Result<_>>()?;
        return Ok(lists.concat());
    }
    if value.is_object() {
        readable(name, value)?;
        return Err(refuse(name, "it takes PEM text and arrays of it, not objects"));
    }
    let text = string(name, value)?;
    match (text.contains("-----BEGIN"), or_path) {
        (true, _) => Ok(vec![Pem::Text(text)]),
        (false, true) => Ok(vec![Pem::File(text)]),
        (false, false) => Err(invalid(format!(
            "{name} must be PEM text (a file's name goes into tlsCAFile or tlsCertificateKeyFile)"
        ))),
    }
}

pub(super) fn path_of(pems: &[Pem], files: &mut PrivateFiles) -> io::Result<Option<PathBuf>> {
    match pems {
        [] => Ok(None),
        [Pem::File(path)] => {
            // The driver's error for a missing file doesn't say which one.
            std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
            Ok(Some(path.into()))
        }
        several => files.write(&text_of(several)?).map(Some),
    }
}

pub(super) fn text_of(pems: &[Pem]) -> io::Result<String> {
    let mut all = String::new();
    for pem in pems {
        match pem {
            Pem::Text(text) => all.push_str(text),
            Pem::File(path) => {
                all.push_str(&std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?);
            }
        }
        all.push('\n');
    }
    Ok(all)
}

fn unreadable(path: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("can't read the certificate or key in {path}: {error}"))
}
