//! Promises out, completions back, the event loop's lifetime.
//!
//! One `napi_deferred` per operation, one weak wake-up function per store. Completions are collected and delivered
//! together; promise reactions keep the caller's async context, which a callback from a threadsafe function would lose.
//! While operations are under way the wake-up function is referenced, so the process waits for them as it does for a
//! socket; an idle store keeps nothing alive. A closed store has no wake-up function, so that nobody who looks for open
//! handles finds one; an operation that is called nevertheless makes another, by which it is told that it is too late.

#![allow(unsafe_code, reason = "Node-API is a C interface")]

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    ptr,
    rc::{Rc, Weak as RcWeak},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use napi::{
    Env, Result, Status, sys,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};

use super::{
    convert,
    mailbox::Mailbox,
    strings::{Js, check},
};
use crate::{
    error::Error,
    session::Outcome,
    store::{
        Store,
        bounds::budget,
        sink::{Event, Sink},
        ticket::Ticket,
    },
};

/// Completions of one turn of the event loop: a burst must not starve I/O.
const MAX_COMPLETIONS: usize = 512;

type Wake = ThreadsafeFunction<(), (), (), Status, /* CalleeHandled: */ false, /* Weak: */ true>;

enum Completion {
    Settled { ticket: Ticket, outcome: crate::error::Result<Outcome> },
    Event(Event),
}

/// The side that every thread sees.
pub struct Outbox {
    /// Closed when the environment has gone: nobody can be told.
    completions: Mailbox<Completion>,
    /// None after the close.
    wake: Mutex<Option<Wake>>,
    store: OnceLock<Weak<Store>>,
}

impl Outbox {
    fn push(&self, completion: Completion) {
        match self.completions.push(completion) {
            Ok(()) => self.schedule(),
            Err(completion) => self.release(&completion),
        }
    }

    fn schedule(&self) {
        if self.completions.schedule()
            && let Some(wake) = self.wake().as_ref()
        {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn wake(&self) -> MutexGuard<'_, Option<Wake>> {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what one turn of the event loop delivers.
    fn take(&self) -> Vec<Completion> {
        let (now, has_more) = self.completions.take(MAX_COMPLETIONS);
        if has_more {
            self.schedule();
        }
        now
    }

    /// The operation no longer counts against the bounds, whether its store is still there or not.
    fn release(&self, completion: &Completion) {
        let Completion::Settled { ticket, outcome } = completion else { return };
        ticket.delivered();
        let reply_bytes = outcome.as_ref().map_or(0, Outcome::bytes);
        match self.store.get().and_then(Weak::upgrade) {
            Some(store) => store.delivered(reply_bytes),
            None => budget().reply_delivered(reply_bytes),
        }
    }

    fn close(&self) {
        self.completions.close().iter().for_each(|completion| self.release(completion));
    }
}

impl Sink for Outbox {
    fn settle(&self, ticket: &Ticket, outcome: crate::error::Result<Outcome>) {
        self.push(Completion::Settled { ticket: ticket.clone(), outcome });
    }

    fn event(&self, event: Event) {
        self.push(Completion::Event(event));
    }
}

/// The side that only the JavaScript thread sees.
pub struct Bridge {
    outbox: Arc<Outbox>,
    in_flight: Cell<u32>,
    events: RefCell<VecDeque<Event>>,
    /// The deferred of the one `nextEvent()` that waits.
    listener: Cell<Option<sys::napi_deferred>>,
    ended: Cell<bool>,
}

thread_local! {
    /// The bridges of this environment.
    static BRIDGES: RefCell<Vec<RcWeak<Bridge>>> = const { RefCell::new(Vec::new()) };
}

impl Bridge {
    pub fn new(env: &Env) -> Result<Rc<Self>> {
        let outbox = Arc::new(Outbox {
            completions: Mailbox::default(),
            wake: Mutex::default(),
            store: OnceLock::new(),
        });
        let bridge = Rc::new(Self {
            outbox,
            in_flight: Cell::new(0),
            events: RefCell::default(),
            listener: Cell::new(None),
            ended: Cell::new(false),
        });
        bridge.make_wake(env)?;
        BRIDGES.with_borrow_mut(|bridges| {
            bridges.retain(|bridge| bridge.strong_count() > 0);
            bridges.push(Rc::downgrade(&bridge));
        });
        Ok(bridge)
    }

    fn make_wake(self: &Rc<Self>, env: &Env) -> Result<()> {
        let weak = Rc::downgrade(self);
        let nothing = env.create_function_from_closure::<(), (), _>("connect-mongo-native", |_| Ok(()))?;
        let wake =
            nothing.build_threadsafe_function::<()>().weak::<true>().build_callback(move |context| {
                if let Some(bridge) = weak.upgrade() {
                    bridge.drain(&context.env);
                }
                Ok(())
            })?;
        *self.outbox.wake() = Some(wake);
        // Whoever came while there was none has woken nobody.
        self.outbox.completions.unschedule();
        Ok(())
    }

    pub fn sink(&self) -> Arc<dyn Sink> {
        Arc::clone(&self.outbox) as Arc<dyn Sink>
    }

    pub fn attach(&self, store: &Arc<Store>) {
        // Called once, by `open`.
        let _ = self.outbox.store.set(Arc::downgrade(store));
        self.outbox.schedule();
    }

    /// A promise for an operation, and the token under which the sink will settle it.
    pub fn begin(self: &Rc<Self>, env: sys::napi_env) -> Result<(usize, Js)> {
        let (deferred, promise) = new_promise(env)?;
        if self.in_flight.replace(self.in_flight.get() + 1) == 0 {
            if self.outbox.wake().is_none() {
                self.make_wake(&Env::from_raw(env))?;
            }
            self.reference(env, true)?;
        }
        Ok((deferred as usize, promise))
    }

    /// The operation was not submitted after all. Nobody has seen its promise.
    pub fn cancel(&self, env: sys::napi_env, token: usize) -> Result<()> {
        self.end_one(env);
        resolve(env, token as sys::napi_deferred, convert::null(&Env::from_raw(env))?)
    }

    fn end_one(&self, env: sys::napi_env) {
        self.in_flight.set(self.in_flight.get() - 1);
        if self.in_flight.get() > 0 {
            return;
        }
        if self.ended.get() {
            *self.outbox.wake() = None;
        } else {
            // A failure here means that the environment is being torn down.
            let _ = self.reference(env, false);
        }
    }

    /// The next event, when there is one. Does not keep the process alive. `null` after the close.
    pub fn next_event(&self, env: sys::napi_env) -> Result<Js> {
        let (deferred, promise) = new_promise(env)?;
        if let Some(event) = self.events.borrow_mut().pop_front() {
            resolve(env, deferred, convert::event(&Env::from_raw(env), &event)?)?;
        } else if self.ended.get() {
            resolve(env, deferred, convert::null(&Env::from_raw(env))?)?;
        } else {
            self.listener.set(Some(deferred));
        }
        Ok(promise)
    }

    fn reference(&self, env: sys::napi_env, referenced: bool) -> Result<()> {
        let wake = self.outbox.wake();
        let Some(wake) = wake.as_ref() else {
            return Ok(());
        };
        // SAFETY: `begin` and `drain` run on the JavaScript thread, as these calls demand; the function lives while
        // the guard is held.
        let status = unsafe {
            if referenced {
                sys::napi_ref_threadsafe_function(env, wake.raw())
            } else {
                sys::napi_unref_threadsafe_function(env, wake.raw())
            }
        };
        check(status, "the event loop could not be held")
    }

    fn drain(&self, env: &Env) {
        let env = env.raw();
        for completion in self.outbox.take() {
            self.outbox.release(&completion);
            match completion {
                Completion::Settled { ticket, outcome } => {
                    let closing = matches!(outcome, Ok(Outcome::Closed));
                    // A failure here means that the environment is being torn down.
                    let _ = settle(env, ticket.token as sys::napi_deferred, &outcome);
                    if closing {
                        self.ended.set(true);
                        self.tell_listener(env);
                    }
                    self.end_one(env);
                }
                Completion::Event(event) => {
                    self.events.borrow_mut().push_back(event);
                    self.tell_listener(env);
                }
            }
        }
    }

    fn tell_listener(&self, env: sys::napi_env) {
        let Some(deferred) = self.listener.take() else {
            return;
        };
        let event = self.events.borrow_mut().pop_front();
        let value = event.map_or_else(
            || convert::null(&Env::from_raw(env)),
            |event| convert::event(&Env::from_raw(env), &event),
        );
        // A failure here means that the environment is being torn down.
        let _ = value.and_then(|value| resolve(env, deferred, value));
    }
}

/// The environment goes: accepted writes are still sent, nobody is told. Returns the stores with work left.
pub fn close_all() -> Vec<Arc<Store>> {
    let bridges = BRIDGES.with_borrow_mut(std::mem::take);
    let mut busy = Vec::new();
    for bridge in bridges.iter().filter_map(RcWeak::upgrade) {
        bridge.outbox.close();
        if let Some(store) = bridge.outbox.store.get().and_then(Weak::upgrade) {
            store.abandon();
            busy.extend((!store.is_idle()).then_some(store));
        }
    }
    busy
}

fn new_promise(env: sys::napi_env) -> Result<(sys::napi_deferred, Js)> {
    let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: env is that of the running callback; both out-pointers are valid.
    check(unsafe { sys::napi_create_promise(env, &raw mut deferred, &raw mut promise) }, "no promise")?;
    Ok((deferred, promise))
}

fn resolve(env: sys::napi_env, deferred: sys::napi_deferred, value: sys::napi_value) -> Result<()> {
    // SAFETY: every deferred is settled once: tokens are claimed (store/ticket.rs) and the listener's is taken out first.
    check(unsafe { sys::napi_resolve_deferred(env, deferred, value) }, "not resolved")
}

fn settle(
    env: sys::napi_env,
    deferred: sys::napi_deferred,
    outcome: &std::result::Result<Outcome, Error>,
) -> Result<()> {
    match outcome {
        Ok(outcome) => resolve(env, deferred, convert::outcome(&Env::from_raw(env), outcome)?),
        Err(error) => {
            let error = convert::error(&Env::from_raw(env), error)?;
            // SAFETY: as in `resolve`.
            check(unsafe { sys::napi_reject_deferred(env, deferred, error) }, "not rejected")
        }
    }
}
