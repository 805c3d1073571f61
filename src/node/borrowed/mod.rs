//! The scheduler for borrowed connections: JavaScript asks it, on its own thread, what to send next.
//!
//! Ids, values, promises and the connection stay in JavaScript. What crosses are numbers, in two arrays that JavaScript
//! made: in one call a turn, it says what has happened and is told what to do.

mod codes;
mod inbox;
mod operation;
mod outbox;
mod replies;
mod turn;
mod watchlist;

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use napi::{
    Env, JsValue, Result,
    bindgen_prelude::{Float64Array, FunctionCallContext, JsObjectValue, Object},
};

use self::turn::Turns;
use super::strings::{Js, Numbers};
use crate::schedule::Limits;

/// `openScheduler(inbox, outbox, groupsDestroys, timeoutMS)`: the functions of one scheduler.
pub fn open(context: &FunctionCallContext) -> Result<Js> {
    let env: &Env = context.env;
    let inbox = Numbers::new(context.get::<Float64Array>(0)?);
    let outbox = Numbers::new(context.get::<Float64Array>(1)?);
    let turns = Turns::new(context.get(2)?, millis(context.get(3)?));
    let shared = Rc::new(RefCell::new((turns, inbox, outbox)));
    let mut object = Object::new(env)?;

    let state = Rc::clone(&shared);
    let turn = env.create_function_from_closure::<(), (), _>("turn", move |_| {
        let (turns, inbox, outbox) = &mut *state.borrow_mut();
        turns.turn(inbox, outbox);
        Ok(())
    })?;
    object.set_named_property("turn", turn)?;

    let state = Rc::clone(&shared);
    let absorb = env.create_function_from_closure::<(), (), _>("absorb", move |_| {
        let (turns, inbox, _) = &mut *state.borrow_mut();
        turns.absorb(inbox, Instant::now());
        Ok(())
    })?;
    object.set_named_property("absorb", absorb)?;

    let state = Rc::clone(&shared);
    let connect = env.create_function_from_closure::<(), (), _>("connect", move |context| {
        let count = |index| context.get::<f64>(index).map(whole);
        let limits = Limits {
            lookups: count(0)?,
            statements: count(1)?,
            pool: count(2)?,
            groups_destroys: context.get(3)?,
            isolates_finds: context.get(4)?,
            writes_wait: context.get(5)?,
            // Of each value, JavaScript says whether it does.
            sets_serve_gets: true,
            numbers_writes: false,
        };
        state.borrow_mut().0.connect(limits, millis(context.get(6)?));
        Ok(())
    })?;
    object.set_named_property("connect", connect)?;

    let state = Rc::clone(&shared);
    let stats = env.create_function_from_closure::<(), String, _>("stats", move |context| {
        Ok(state.borrow().0.stats(context.get(0)?))
    })?;
    object.set_named_property("stats", stats)?;
    Ok(object.raw())
}

/// The codes that both sides use.
pub fn codes(env: &Env) -> Result<Object<'_>> {
    let mut all = Object::new(env)?;
    for (group, codes) in codes::ALL {
        let mut object = Object::new(env)?;
        for (name, code) in codes {
            object.set_named_property(name, *code)?;
        }
        all.set_named_property(group, object)?;
    }
    let mut operands = Object::new(env)?;
    for (name, code) in codes::from_javascript::ALL {
        operands.set_named_property(name, u32::try_from(codes::operands(*code)).unwrap_or_default())?;
    }
    all.set_named_property("operands", operands)?;
    Ok(all)
}

fn millis(number: f64) -> Duration {
    Duration::try_from_secs_f64(number / 1000.0).unwrap_or(Duration::from_secs(30))
}

/// Infinity becomes the largest.
fn whole(number: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts, or what saturates")]
    let count = number as usize;
    count
}
