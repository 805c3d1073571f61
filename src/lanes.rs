//! How many commands of one kind may be under way.
//!
//! Two are the start, not the limit: on a real network two fixed lanes would be a hidden linger (simulated at 30 ms round
//! trip: p50 37 ms against 30). More lanes on loopback would only make the batches smaller.

use std::time::Duration;

/// Lanes that are always there, where the pool allows.
const START: usize = 2;
const LIMIT: usize = 16;
/// An operation that has waited less opens no lane.
const PATIENCE: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub struct Lanes {
    busy: usize,
    open: usize,
    start: usize,
    limit: usize,
    /// Exponentially weighted, over about eight commands.
    recent: Duration,
}

impl Lanes {
    /// `pool`: connections that the client may open.
    pub fn new(pool: u32) -> Self {
        let pool = usize::try_from(pool).unwrap_or(usize::MAX).max(1);
        let start = START.min(pool);
        Self { busy: 0, open: start, start, limit: LIMIT.min(pool), recent: Duration::ZERO }
    }

    pub fn busy(&self) -> usize {
        self.busy
    }

    pub fn is_free(&self) -> bool {
        self.busy < self.open
    }

    /// After this wait of the oldest ready operation another lane opens.
    pub fn patience(&self) -> Duration {
        PATIENCE.max(self.recent / 2)
    }

    /// Whether one more lane may open for an operation that has waited for `waited`.
    pub fn widen(&mut self, waited: Duration) -> bool {
        let may = self.open < self.limit && waited > self.patience();
        self.open += usize::from(may);
        may
    }

    /// One more lane, for a command that would hold up the others.
    pub fn add(&mut self) {
        self.open += usize::from(self.open < self.limit);
    }

    pub fn start_command(&mut self) {
        self.busy += 1;
    }

    /// `idle`: nothing waits any more, so an extra lane closes.
    pub fn end_command(&mut self, took: Duration, idle: bool) {
        self.busy -= 1;
        self.recent = (self.recent * 7 + took) / 8;
        if idle && self.open > self.start {
            self.open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_opens_for_who_waits_longer_than_half_a_command() {
        let mut lanes = Lanes::new(100);
        for _ in 0..64 {
            lanes.start_command();
            lanes.end_command(Duration::from_millis(30), false);
        }
        lanes.start_command();
        lanes.start_command();
        assert!(!lanes.is_free());
        assert!(!lanes.widen(Duration::from_millis(14)));
        assert!(lanes.widen(Duration::from_millis(16)));
        assert!(lanes.is_free());
        lanes.end_command(Duration::from_millis(30), true);
        assert_eq!(lanes.open, START);
    }

    #[test]
    fn the_pool_is_the_limit() {
        let mut lanes = Lanes::new(1);
        lanes.start_command();
        assert!(!lanes.is_free());
        assert!(!lanes.widen(Duration::from_secs(1)));
    }
}
