//! How many commands of a kind may be in flight.
//!
//! Where the distance to the server takes the time, nobody should wait for a round trip: enough commands are in flight
//! to fill it. Where the server's own work takes the time, more commands only make the batches smaller, and two are
//! right. The shortest recent command tells the two apart, as the minimum round trip does for networks' congestion
//! control: a queue makes commands longer, but not the shortest of them.

use std::time::{Duration, Instant};

/// Commands of a kind that may always be in flight, where the pool allows.
const LEAST: usize = 2;
/// What a small command costs both sides, on two cores: more than one in flight per this time fills nothing.
const COMMAND_COST: Duration = Duration::from_micros(300);
/// What each lookup or statement adds to that.
const ITEM_COST: Duration = Duration::from_micros(15);
/// The shortest command is that of this time and of the same time before.
const GENERATION: Duration = Duration::from_secs(30);
/// An operation that has waited less opens no further command.
const LEAST_WAIT: Duration = Duration::from_millis(2);
/// Large values that travel at once, each in a command of its own, beside the window.
const LARGE_COMMANDS: usize = 2;

/// The windows of a store's finds and writes, which share the connections of one pool.
#[derive(Debug)]
pub struct Windows {
    pub reads: Window,
    pub writes: Window,
    pool: usize,
    in_flight: usize,
    large: usize,
    /// The most that has been in flight: one more may have to open a connection first.
    peak: usize,
    /// The distance, as measured from outside.
    told: Shortest,
}

#[derive(Clone, Copy, Debug)]
pub enum Traffic {
    Read,
    Write,
    /// A write with a large value: beside the window, so that small ones need not wait for it.
    Large,
}

/// What is to be remembered of a command in flight until it ends.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    traffic: Traffic,
    at: Instant,
    items: usize,
    /// Whether its time says something of the distance: it did not have to open a connection.
    tells_distance: bool,
}

impl Windows {
    /// `pool`: connections that the client may open.
    pub fn new(pool: usize) -> Self {
        Self {
            reads: Window::default(),
            writes: Window::default(),
            pool: pool.max(1),
            in_flight: 0,
            large: 0,
            peak: 0,
            told: Shortest::default(),
        }
    }

    pub fn set_pool(&mut self, pool: usize) {
        self.pool = pool.max(1);
    }

    /// The server is another one, or its connections are new.
    pub fn forget_distance(&mut self) {
        self.peak = self.in_flight;
        self.told = Shortest::default();
        self.reads.shortest = Shortest::default();
        self.writes.shortest = Shortest::default();
    }

    /// A measurement of the distance from outside, such as a ping's time.
    pub fn learn_distance(&mut self, distance: Duration, now: Instant) {
        self.told.add(distance, now);
    }

    /// How many more commands may leave now.
    pub fn free(&self, traffic: Traffic, now: Instant) -> usize {
        let pool = self.pool.saturating_sub(self.in_flight);
        let window = match traffic {
            Traffic::Read => Self::size(&self.reads, self.read_distance(now)).saturating_sub(self.reads.busy),
            Traffic::Write => {
                Self::size(&self.writes, self.write_distance(now)).saturating_sub(self.writes.busy)
            }
            Traffic::Large => LARGE_COMMANDS.saturating_sub(self.large),
        };
        window.min(pool)
    }

    /// Whether one more may leave, beyond the window, for an operation that has waited for `waited`.
    pub fn widens(&self, traffic: Traffic, waited: Duration) -> bool {
        self.widening_wait(traffic).is_some_and(|widening_wait| waited > widening_wait)
    }

    /// After this wait, the oldest ready operation may open one more command; `None` if the pool has no room.
    pub fn widening_wait(&self, traffic: Traffic) -> Option<Duration> {
        let window = match traffic {
            Traffic::Read => &self.reads,
            Traffic::Write => &self.writes,
            Traffic::Large => return None,
        };
        (self.in_flight < self.pool).then(|| window.widening_wait())
    }

    pub fn start(&mut self, traffic: Traffic, items: usize, now: Instant) -> Departure {
        let widens = self.free(traffic, now) == 0;
        self.in_flight += 1;
        let tells_distance = self.in_flight <= self.peak;
        self.peak = self.peak.max(self.in_flight);
        match self.window(traffic) {
            Some(window) => {
                window.busy += 1;
                window.extra += usize::from(widens);
            }
            None => self.large += 1,
        }
        Departure { traffic, at: now, items, tells_distance }
    }

    /// `clean`: the command was carried out at once, by its first attempt. `idle`: nothing of its kind waits.
    pub fn end(&mut self, departure: Departure, clean: bool, idle: bool, now: Instant) {
        self.in_flight -= 1;
        let Some(window) = self.window(departure.traffic) else {
            self.large -= 1;
            return;
        };
        let took = now.saturating_duration_since(departure.at);
        window.busy -= 1;
        window.recent = (window.recent * 7 + took) / 8;
        if idle {
            window.extra = window.extra.saturating_sub(1);
        }
        if clean && departure.tells_distance && !window.waits_for_others {
            let items = u32::try_from(departure.items).unwrap_or(u32::MAX);
            window.shortest.add(took.saturating_sub(ITEM_COST.saturating_mul(items)), now);
        }
    }

    /// Writes that wait for other members of the set say nothing of the distance: reads then speak for them.
    fn write_distance(&self, now: Instant) -> Option<Duration> {
        if self.writes.waits_for_others {
            self.read_distance(now)
        } else {
            self.least(self.writes.distance(now), now)
        }
    }

    fn read_distance(&self, now: Instant) -> Option<Duration> {
        self.least(self.reads.distance(now), now)
    }

    fn least(&self, measured: Option<Duration>, now: Instant) -> Option<Duration> {
        [measured, self.told.get(now)].into_iter().flatten().min()
    }

    fn size(window: &Window, distance: Option<Duration>) -> usize {
        let fills = distance.map_or(0, |distance| distance.as_micros() / COMMAND_COST.as_micros());
        usize::try_from(fills).unwrap_or(usize::MAX).max(LEAST).saturating_add(window.extra)
    }

    fn window(&mut self, traffic: Traffic) -> Option<&mut Window> {
        match traffic {
            Traffic::Read => Some(&mut self.reads),
            Traffic::Write => Some(&mut self.writes),
            Traffic::Large => None,
        }
    }
}

#[derive(Debug, Default)]
pub struct Window {
    busy: usize,
    /// Opened by waiting, closed when nothing waits.
    extra: usize,
    /// How long commands take, weighted exponentially over about eight.
    recent: Duration,
    shortest: Shortest,
    /// A write concern makes the server wait for other members, or for its journal.
    pub waits_for_others: bool,
}

impl Window {
    fn distance(&self, now: Instant) -> Option<Duration> {
        self.shortest.get(now)
    }

    fn widening_wait(&self) -> Duration {
        LEAST_WAIT.max(self.recent / 2)
    }
}

/// The shortest of recent times, in two generations, so that old ones go.
#[derive(Debug, Default)]
struct Shortest {
    began: Option<Instant>,
    current: Option<Duration>,
    before: Option<Duration>,
}

impl Shortest {
    fn add(&mut self, time: Duration, now: Instant) {
        let began = *self.began.get_or_insert(now);
        if now.saturating_duration_since(began) >= GENERATION {
            self.before = self.current.take();
            self.began = Some(now);
        }
        self.current = Some(self.current.map_or(time, |shortest| shortest.min(time)));
    }

    /// What is older than two generations says nothing any more, even if nothing came after it.
    fn get(&self, now: Instant) -> Option<Duration> {
        let age = now.saturating_duration_since(self.began?);
        if age >= GENERATION * 2 {
            return None;
        }
        [self.current, self.before].into_iter().flatten().min()
    }
}
