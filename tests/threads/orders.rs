//! The same threads in thousands of random orders: nothing is lost, nothing happens twice, nobody waits for ever. Every atomic
//! is sequentially consistent here: what a weaker ordering lets happen, these do not show.

use shuttle::{
    rand::{self, Rng},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use threads::{
    budget::{Budget, MAX_PAYLOAD_BYTES},
    claim::Claim,
    mailbox::Mailbox,
};

const ORDERS: usize = 20_000;

fn in_many_orders(test: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(test, ORDERS);
}

/// The JavaScript thread, which sleeps until it is woken.
struct Receiver {
    mailbox: Mailbox<usize>,
    wakes: AtomicUsize,
    returned: Mutex<Vec<usize>>,
}

impl Receiver {
    /// As `Outbox::push` does.
    fn push(&self, item: usize) {
        match self.mailbox.push(item) {
            Ok(()) => self.schedule(),
            Err(item) => self.returned.lock().unwrap().push(item),
        }
    }

    fn schedule(&self) {
        if self.mailbox.schedule() {
            self.wakes.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// What each wake so far leads to.
    fn drain(&self, taken: &mut Vec<usize>) {
        while self.wakes.load(Ordering::SeqCst) > 0 {
            self.wakes.fetch_sub(1, Ordering::SeqCst);
            let (items, has_more) = self.mailbox.take(2);
            taken.extend(items);
            if has_more {
                self.schedule();
            }
        }
    }
}

#[test]
fn each_completion_is_delivered_or_released_and_once() {
    in_many_orders(|| {
        let receiver = Arc::new(Receiver {
            mailbox: Mailbox::default(),
            wakes: AtomicUsize::new(0),
            returned: Mutex::default(),
        });
        let senders: Vec<_> = (0..3)
            .map(|sender| {
                let receiver = Arc::clone(&receiver);
                thread::spawn(move || (0..2).for_each(|n| receiver.push(2 * sender + n)))
            })
            .collect();
        let closes = rand::thread_rng().r#gen::<bool>();
        let mut seen = Vec::new();
        receiver.drain(&mut seen);
        if closes {
            seen.extend(receiver.mailbox.close());
        }
        for sender in senders {
            sender.join().unwrap();
        }
        if closes {
            // Nothing is taken any more: the rest must have come back.
            seen.append(&mut receiver.returned.lock().unwrap());
        } else {
            receiver.drain(&mut seen);
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5], "closed: {closes}");
    });
}

#[test]
fn one_of_those_who_race_for_an_outcome_has_it() {
    in_many_orders(|| {
        let claim = Arc::new(Claim::default());
        let sent = Arc::new(AtomicUsize::new(0));
        let race = |race: fn(&Claim, &AtomicUsize) -> bool| {
            let (claim, sent) = (Arc::clone(&claim), Arc::clone(&sent));
            thread::spawn(move || race(&claim, &sent))
        };
        let racers = [
            // The deadline of an operation that has not left: it must never leave then.
            race(|claim, sent| {
                let settles = claim.settle_unsent();
                assert!(!settles || sent.load(Ordering::SeqCst) == 0);
                settles
            }),
            // The engine, and the reply.
            race(|claim, sent| {
                if !claim.send() {
                    return false;
                }
                sent.store(1, Ordering::SeqCst);
                claim.settle()
            }),
            // The deadline of one that has left, or the end of the store.
            race(|claim, _| claim.settle()),
        ];
        let settled = racers.into_iter().filter_map(|racer| racer.join().unwrap().then_some(())).count();
        assert_eq!(settled, 1);
        assert!(claim.is_settled());
        assert!(!claim.send());
    });
}

#[test]
fn room_is_granted_to_all_in_their_turn_and_given_back_whole() {
    in_many_orders(|| {
        let budget = Arc::new(Budget::default());
        let granted = Arc::new(AtomicUsize::new(0));
        let askers: Vec<_> = (0..3)
            .map(|_| {
                let (budget, granted) = (Arc::clone(&budget), Arc::clone(&granted));
                thread::spawn(move || {
                    let told = Arc::new(AtomicUsize::new(0));
                    let telling = Arc::clone(&told);
                    // Two do not fit, so that they wait for each other.
                    let on_granted = Box::new(move || _ = telling.fetch_add(1, Ordering::SeqCst));
                    let share = budget.request(MAX_PAYLOAD_BYTES / 2 + 1, on_granted);
                    let waits = !share.is_granted();
                    // Some go before it is their turn.
                    if waits && rand::thread_rng().r#gen::<bool>() {
                        return;
                    }
                    while waits && told.load(Ordering::SeqCst) == 0 {
                        thread::yield_now();
                    }
                    assert!(share.is_granted());
                    assert_eq!(granted.fetch_add(1, Ordering::SeqCst), 0, "two have what fits once");
                    granted.fetch_sub(1, Ordering::SeqCst);
                    drop(share);
                    assert!(told.load(Ordering::SeqCst) <= 1);
                })
            })
            .collect();
        for asker in askers {
            asker.join().unwrap();
        }
        assert_eq!(budget.payload_bytes(), 0);
    });
}

/// As `Store::reserve` does: it gives back what it was granted while it holds the lock that whoever tells it of room takes.
#[test]
fn who_is_told_of_room_may_be_giving_some_back() {
    in_many_orders(|| {
        let budget = Arc::new(Budget::default());
        let askers: Vec<_> = (0..2)
            .map(|n| {
                let budget = Arc::clone(&budget);
                thread::spawn(move || {
                    let number = Arc::new(Mutex::new(None));
                    let known = Arc::clone(&number);
                    let on_granted = Box::new(move || _ = *known.lock().unwrap());
                    let share = budget.request(MAX_PAYLOAD_BYTES / 2 + 1, on_granted);
                    let mut number = number.lock().unwrap();
                    *number = Some(n);
                    drop(share);
                    drop(number);
                })
            })
            .collect();
        for asker in askers {
            asker.join().unwrap();
        }
        assert_eq!(budget.payload_bytes(), 0);
    });
}
