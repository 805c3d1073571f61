//! A scheduler with tickets, values and errors of the tests' own, and a clock that stands still unless it is moved.

use std::{
    cell::Cell,
    fmt,
    ops::Deref,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use pure_rooms::{
    schedule::{
        Action, BarrierKind, Body, Budget, Command, CommandId, Fate, FindEnd, Limits, Outcome, Scheduler,
        Ticket, Transport, Value, Write, WriteEnd, WriteReply,
    },
    session::{Dates, Expected, Expiry, StoredRow},
};

/// Every row of these tests lives until then; the gets look at time 0.
pub const EXPIRES: i64 = 1_000;

#[derive(Clone, Debug)]
pub struct Made;

impl Transport for Made {
    type Key = u8;
    type Value = Text;
    type Ticket = TestTicket;
    type Error = &'static str;

    fn key_bytes(_key: &u8) -> usize {
        32
    }
}

/// A value: a number that is told apart, and how large it passes for.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub number: u64,
    pub bytes: usize,
    pub serves: bool,
}

impl Value for Text {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn serves_gets(&self) -> bool {
        self.serves
    }
}

#[derive(Clone)]
pub struct TestTicket(Rc<TicketState>);

pub struct TicketState {
    pub sequence: u64,
    pub admitted: Instant,
    pub sent: Cell<bool>,
    pub settled: Cell<bool>,
}

impl Deref for TestTicket {
    type Target = TicketState;

    fn deref(&self) -> &TicketState {
        &self.0
    }
}

impl fmt::Debug for TestTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.sequence)
    }
}

impl Ticket for TestTicket {
    fn admitted(&self) -> Instant {
        self.admitted
    }

    fn deadline(&self) -> Instant {
        self.admitted + Duration::from_secs(30)
    }

    fn is_settled(&self) -> bool {
        self.settled.get()
    }

    fn is(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }

    fn send(&self) -> bool {
        self.sent.set(!self.settled.get());
        self.sent.get()
    }

    fn recall(&self) {
        self.sent.set(false);
    }
}

/// What an operation came to, in the words of the tests.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    Row(Option<u64>),
    Created,
    Updated,
    Matched(bool),
    Removed(bool),
    Counted(u64),
    Failed(&'static str),
}

pub struct Bench {
    pub scheduler: Scheduler<Made>,
    pub budget: Arc<Budget>,
    pub now: Instant,
    pub tickets: Vec<TestTicket>,
    /// By sequence number, as they came.
    pub outcomes: Vec<(u64, Came)>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let budget = Arc::new(Budget::default());
        Self {
            scheduler: Scheduler::new(limits, Arc::clone(&budget)),
            budget,
            now: Instant::now(),
            tickets: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    pub fn advance(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    fn ticket(&mut self) -> TestTicket {
        let ticket = TestTicket(Rc::new(TicketState {
            sequence: self.tickets.len() as u64,
            admitted: self.now,
            sent: Cell::new(false),
            settled: Cell::new(false),
        }));
        self.tickets.push(ticket.clone());
        ticket
    }

    pub fn submit(&mut self, key: u8, action: Action<Made>) -> u64 {
        let ticket = self.ticket();
        let sequence = ticket.sequence;
        self.scheduler.submit(sequence, key, ticket, action);
        sequence
    }

    pub fn get(&mut self, key: u8) -> u64 {
        self.submit(key, Action::Get { latest_expired: 0 })
    }

    /// Stores its own sequence number.
    pub fn set(&mut self, key: u8) -> u64 {
        self.set_of(key, 100, true)
    }

    pub fn set_of(&mut self, key: u8, bytes: usize, serves: bool) -> u64 {
        let number = self.tickets.len() as u64;
        let value = Text { number, bytes, serves };
        self.submit(key, Action::Set { value, dates: dates(EXPIRES), expected: None })
    }

    pub fn unfilled(&mut self, key: u8) -> u64 {
        self.submit(key, Action::Unfilled)
    }

    pub fn fill(&mut self, sequence: u64) {
        self.fill_expecting(sequence, None);
    }

    pub fn fill_expecting(&mut self, sequence: u64, expected: Option<Expected<Text>>) {
        self.scheduler.fill(sequence, text(sequence), dates(EXPIRES), expected.map(Box::new));
    }

    /// Stores its own sequence number, if the row is as expected.
    pub fn conditional(&mut self, key: u8, expected: Expected<Text>) -> u64 {
        let sequence = self.unfilled(key);
        self.fill_expecting(sequence, Some(expected));
        sequence
    }

    pub fn touch(&mut self, key: u8, expires: i64) -> u64 {
        self.submit(key, Action::Touch { dates: dates(expires) })
    }

    pub fn destroy(&mut self, key: u8) -> u64 {
        self.submit(key, Action::Destroy)
    }

    /// The ids that a `FindToDestroy` has found, for rows that hold this number.
    pub fn destroy_found(&mut self, id: CommandId, keys: Vec<u8>, number: u64) {
        self.scheduler.destroy_found(id, keys, &Expected::Fields(text(number)));
        self.collect();
    }

    pub fn barrier(&mut self, kind: BarrierKind) -> u64 {
        let ticket = self.ticket();
        let sequence = ticket.sequence;
        self.scheduler.submit_barrier(sequence, kind, ticket);
        if kind == BarrierKind::FindToDestroy {
            // The sequence numbers of what it may find.
            (0..u8::MAX).for_each(|_| drop(self.ticket()));
        }
        sequence
    }

    /// Its deadline has passed: the caller knows, the scheduler is told with `expire`.
    pub fn ring(&mut self, sequence: u64) {
        self.tickets[usize::try_from(sequence).unwrap()].settled.set(true);
    }

    pub fn poll(&mut self) -> Option<Command<Made>> {
        self.scheduler.poll(self.now)
    }

    pub fn poll_all(&mut self) -> Vec<Command<Made>> {
        std::iter::from_fn(|| self.poll()).collect()
    }

    pub fn write(&mut self) -> (CommandId, Write<Made>) {
        match self.poll() {
            Some(Command { id, body: Body::Write(write), .. }) => (id, write),
            other => panic!("no write leaves, but {other:?}"),
        }
    }

    pub fn find(&mut self) -> (CommandId, Vec<u8>) {
        match self.poll() {
            Some(Command { id, body: Body::Find { keys }, .. }) => (id, keys),
            other => panic!("no find leaves, but {other:?}"),
        }
    }

    pub fn found(&mut self, id: CommandId, index: usize, number: u64) {
        self.scheduler.found(id, index, &row(number));
        self.collect();
    }

    pub fn end_find(&mut self, id: CommandId, end: FindEnd<&'static str>) {
        self.scheduler.end_find(id, end, true, self.now);
        self.collect();
    }

    pub fn end_write(&mut self, id: CommandId, end: WriteEnd<&'static str>) {
        self.scheduler.end_write(id, end, true, false, self.now);
        self.collect();
    }

    /// Everything was carried out; `upserted`: by which statements rows were made.
    pub fn acknowledge(&mut self, id: CommandId, statements: usize, upserted: &[usize]) {
        let reply =
            WriteReply { n: Some(statements as u64), upserted: upserted.to_vec(), ..WriteReply::default() };
        self.end_write(id, WriteEnd::Reply(reply));
    }

    pub fn fail(&mut self, id: CommandId, error: &'static str, fate: Fate) {
        self.end_write(id, WriteEnd::Failed { error, fate });
    }

    pub fn end_barrier(&mut self, id: CommandId) {
        self.scheduler.end_barrier(id);
        self.collect();
    }

    pub fn expire(&mut self) {
        self.scheduler.expire();
        self.collect();
    }

    /// Takes the outcomes, as a store does: what was settled before stays as it was.
    pub fn collect(&mut self) {
        for (ticket, outcome) in self.scheduler.take_settled() {
            if ticket.settled.replace(true) {
                continue;
            }
            let came = match outcome {
                Ok(Outcome::Row(row)) => Came::Row(row.map(|row| row.value.number)),
                Ok(Outcome::Created) => Came::Created,
                Ok(Outcome::Updated) => Came::Updated,
                Ok(Outcome::Matched(matched)) => Came::Matched(matched),
                Ok(Outcome::Removed(removed)) => Came::Removed(removed),
                Ok(Outcome::Count(count)) => Came::Counted(count),
                Err(error) => Came::Failed(error),
            };
            self.outcomes.push((ticket.sequence, came));
        }
    }

    pub fn outcome(&self, sequence: u64) -> Option<&Came> {
        self.outcomes.iter().find(|(number, _)| *number == sequence).map(|(_, came)| came)
    }
}

pub fn text(number: u64) -> Text {
    Text { number, bytes: 100, serves: true }
}

pub fn row(number: u64) -> StoredRow<Text> {
    StoredRow { value: text(number), expiry: Expiry::At(EXPIRES), last_modified: None, ends: None }
}

/// A row with this number.
pub fn expecting(number: u64) -> Expected<Text> {
    Expected::Row { value: text(number), latest_expired: None }
}

pub fn dates(expires: i64) -> Dates {
    Dates { expires: Some(expires), last_modified: None }
}

pub fn keys(write: &Write<Made>) -> Vec<u8> {
    write.statements.iter().map(|statement| statement.key).collect()
}

/// The number of the value that a write stores first.
pub fn stored(write: &Write<Made>) -> Option<u64> {
    write.statements[0].value.as_ref().map(|value| value.number)
}
