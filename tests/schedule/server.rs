//! What a command does to the rows of a made-up server, and which ids it holds.

use std::collections::{BTreeMap, HashMap};

use pure_rooms::{
    schedule::{Body, Session, Statement, Write, WriteKind, WriteReply},
    session::Expected,
};

use crate::bench::Made;

pub fn apply(
    write: &Write<Made>,
    number: u64,
    rows: &mut BTreeMap<u8, u64>,
    carried_out: &mut HashMap<Session, u64>,
) -> WriteReply<&'static str> {
    if let Some(session) = write.session {
        let highest = carried_out.entry(session).or_default();
        *highest = number.max(*highest);
    }
    let mut reply = WriteReply { n: Some(0), ..WriteReply::default() };
    for (index, statement) in write.statements.iter().enumerate() {
        let known = rows.contains_key(&statement.key);
        if !is_as_expected(statement, rows) {
            // An insert that only matches counts, and is no error.
            if statement.inserts_only() {
                reply.n = reply.n.map(|n| n + 1);
            } else {
                reply.missed.push(index);
            }
            continue;
        }
        match (&statement.value, statement.kind) {
            (_, WriteKind::Delete) => drop(rows.remove(&statement.key)),
            (Some(value), WriteKind::Update) => drop(rows.insert(statement.key, value.number)),
            (None, WriteKind::Update) => {}
        }
        if !known && statement.value.is_some() {
            reply.upserted.push(index);
        }
        reply.n = reply.n.map(|n| n + u64::from(known || statement.value.is_some()));
    }
    reply
}

fn is_as_expected(statement: &Statement<Made>, rows: &BTreeMap<u8, u64>) -> bool {
    let row = rows.get(&statement.key);
    match statement.expected.as_deref() {
        None => true,
        Some(Expected::NoRow) => row.is_none(),
        Some(Expected::Row { value, .. } | Expected::Fields(value)) => row == Some(&value.number),
    }
}

pub fn written(body: &Body<Made>) -> Vec<u8> {
    match body {
        Body::Write(write) => write.statements.iter().map(|statement| statement.key).collect(),
        _ => Vec::new(),
    }
}

pub fn blocked(body: &Body<Made>) -> Vec<u8> {
    match body {
        Body::Write(write) => {
            let blocking = write.statements.iter().filter(|statement| !statement.only_touches());
            blocking.map(|statement| statement.key).collect()
        }
        _ => Vec::new(),
    }
}

pub fn found(body: &Body<Made>) -> Vec<u8> {
    if let Body::Find { keys } = body { keys.clone() } else { Vec::new() }
}

pub fn session(body: &Body<Made>) -> Option<Session> {
    match body {
        Body::Write(write) => write.session,
        Body::Fence { session } => Some(*session),
        _ => None,
    }
}
