//! The thread that ends operations whose time is up.
//!
//! It runs no driver code: whatever keeps the I/O thread busy, an operation is settled by its deadline.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Deadlines are kept to this.
const TICK: Duration = Duration::from_millis(20);
/// Without operations the thread parks after this many ticks: waking it costs the JavaScript thread a system call.
const TICKS_UNTIL_PARKED: u32 = 50;

pub trait Watched: Send + Sync {
    /// Settles what is overdue at `now`. Returns whether anything still waits.
    fn expire(&self, now: Instant) -> bool;
}

#[derive(Default)]
struct Watch {
    stores: Vec<Weak<dyn Watched>>,
    running: bool,
}

static WATCH: Mutex<Watch> = Mutex::new(Watch { stores: Vec::new(), running: false });
static WAKE: Condvar = Condvar::new();
static PARKED: AtomicBool = AtomicBool::new(false);

fn watched() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn watch(store: Weak<dyn Watched>) -> std::io::Result<()> {
    let mut watch = watched();
    watch.stores.push(store);
    if !watch.running {
        std::thread::Builder::new().name("connect-mongo-deadlines".to_owned()).spawn(run)?;
        watch.running = true;
    }
    Ok(())
}

/// An operation has been admitted.
pub fn wake() {
    if PARKED.load(Ordering::Acquire) {
        let _guard = watched();
        WAKE.notify_one();
    }
}

/// Ends when no store is left.
fn run() {
    let mut idle_ticks = 0;
    loop {
        let stores: Vec<Arc<dyn Watched>> = {
            let mut watch = watched();
            watch.stores.retain(|store| store.strong_count() > 0);
            if watch.stores.is_empty() {
                watch.running = false;
                return;
            }
            watch.stores.iter().filter_map(Weak::upgrade).collect()
        };
        let now = Instant::now();
        let waiting = stores.iter().map(|store| store.expire(now)).fold(false, |any, waits| any | waits);
        idle_ticks = if waiting { 0 } else { idle_ticks + 1 };
        if idle_ticks > TICKS_UNTIL_PARKED {
            // Announced before the last look, so that an operation admitted meanwhile is either seen or wakes it.
            PARKED.store(true, Ordering::Release);
            let guard = watched();
            let late =
                stores.iter().map(|store| store.expire(Instant::now())).fold(false, |any, waits| any | waits);
            drop(stores);
            if !late {
                drop(WAKE.wait_timeout(guard, Duration::from_secs(10)));
            }
            PARKED.store(false, Ordering::Release);
            idle_ticks = 0;
        } else {
            drop(stores);
            std::thread::sleep(TICK);
        }
    }
}
