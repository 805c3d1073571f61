//! What a store has done so far, for `stats()`.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value, json};

use crate::session::Kind;

/// Sub-buckets per power of two: percentiles are exact to 1/8.
const PRECISION: u32 = 3;
/// Buckets up to 2^40 µs, far beyond any deadline.
const BUCKETS: usize = 40 << PRECISION;

/// Latencies in buckets that grow with their size.
#[derive(Debug)]
struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros).min(BUCKETS - 1)] += 1;
        self.total += 1;
    }

    /// The latency in milliseconds that `share` of all stayed under.
    fn percentile(&self, share: f64) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let rank = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.counts.iter().enumerate().find_map(|(index, count)| {
            seen += count;
            #[expect(clippy::cast_precision_loss, reason = "microseconds")]
            (seen >= rank && self.total > 0).then(|| upper_bound(index) as f64 / 1000.0)
        })
    }
}

fn bucket(micros: u64) -> usize {
    let sub = 1 << PRECISION;
    if micros < sub {
        return usize::try_from(micros).expect("small");
    }
    let exponent = micros.ilog2() - PRECISION;
    let index = (u64::from(exponent) + 1) * sub + ((micros >> exponent) - sub);
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn upper_bound(index: usize) -> u64 {
    let index = index as u64;
    let sub = 1 << PRECISION;
    if index < sub {
        return index;
    }
    let exponent = index / sub - 1;
    ((index % sub + sub + 1) << exponent) - 1
}

#[derive(Debug, Default)]
struct OfKind {
    count: u64,
    latency: Histogram,
}

/// Commands of one verb, and how many operations they carried.
#[derive(Debug, Default)]
struct OfCommand {
    count: u64,
    operations: u64,
    largest: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Verb {
    Find,
    Update,
    Delete,
    Other,
}

impl Verb {
    pub fn name(self) -> &'static str {
        COMMANDS[self as usize]
    }
}

const COMMANDS: [&str; 4] = ["find", "update", "delete", "other"];

#[derive(Debug, Default)]
struct Counters {
    kinds: [OfKind; Kind::ALL.len()],
    commands: [OfCommand; COMMANDS.len()],
    errors: u64,
}

#[derive(Debug, Default)]
pub struct Stats {
    counters: Mutex<Counters>,
    pub sweeps: AtomicU64,
    pub swept: AtomicU64,
}

impl Stats {
    pub fn operation(&self, kind: Kind, latency: Duration, failed: bool) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = &mut counters.kinds[kind as usize];
        of_kind.count += 1;
        of_kind.latency.record(latency);
        counters.errors += u64::from(failed);
    }

    pub fn command(&self, verb: Verb, operations: usize) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let of_command = &mut counters.commands[verb as usize];
        of_command.count += 1;
        of_command.operations += operations as u64;
        of_command.largest = of_command.largest.max(operations as u64);
    }

    /// `queued`: waiting for a command; `in_flight`: in one; `pending`: not yet delivered to JavaScript.
    pub fn json(&self, connected: bool, queued: usize, in_flight: usize) -> String {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut operations = Map::new();
        let mut latency = Map::new();
        for (of_kind, (_, name)) in counters.kinds.iter().zip(Kind::ALL) {
            operations.insert(name.to_owned(), json!(of_kind.count));
            if of_kind.count > 0 {
                let at = |share| of_kind.latency.percentile(share);
                latency.insert(name.to_owned(), json!({ "p50": at(0.5), "p95": at(0.95), "p99": at(0.99) }));
            }
        }
        let mut commands = Map::new();
        let mut batch = Map::new();
        for (of_command, name) in counters.commands.iter().zip(COMMANDS) {
            commands.insert(name.to_owned(), json!(of_command.count));
            if of_command.count > 0 {
                #[expect(clippy::cast_precision_loss, reason = "an average")]
                let mean = of_command.operations as f64 / of_command.count as f64;
                batch.insert(name.to_owned(), json!({ "mean": mean, "max": of_command.largest }));
            }
        }
        let stats = Value::Object(Map::from_iter([
            ("connected".to_owned(), json!(connected)),
            ("queued".to_owned(), json!(queued)),
            ("inFlight".to_owned(), json!(in_flight)),
            ("operations".to_owned(), Value::Object(operations)),
            ("commands".to_owned(), Value::Object(commands)),
            ("batch".to_owned(), Value::Object(batch)),
            ("latencyMS".to_owned(), Value::Object(latency)),
            ("errors".to_owned(), json!(counters.errors)),
            ("sweeps".to_owned(), json!(self.sweeps.load(Ordering::Relaxed))),
            ("swept".to_owned(), json!(self.swept.load(Ordering::Relaxed))),
        ]));
        stats.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_exact_to_an_eighth() {
        for micros in [0, 1, 7, 8, 9, 100, 1000, 12_345, 30_000_000] {
            let bound = upper_bound(bucket(micros));
            assert!(bound >= micros && bound <= micros + micros / 8, "{micros} in a bucket up to {bound}");
        }
    }

    #[test]
    fn percentiles_rank_all_latencies() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(0.5), None);
        for millis in 1..=100 {
            histogram.record(Duration::from_millis(millis));
        }
        let median = histogram.percentile(0.5).unwrap();
        assert!((50.0..57.0).contains(&median), "{median}");
    }
}
