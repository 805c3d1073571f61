//! What the addon exports: `open(config)`, which gives a store as a set of functions, and `openScheduler(…)`, the same for
//! the scheduler of a borrowed connection.
//!
//! Functions bound to their store cost a tenth of a class method's call (20 ns against 180) and a panic in them becomes
//! a JavaScript error. Arguments are decoded here, and nothing else happens: the shim has checked them.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use napi::{
    Env, JsValue, Result, ValueType,
    bindgen_prelude::{FunctionCallContext, JsObjectValue, Object, ToNapiValue, Unknown},
};
use napi_derive::napi;

use super::{
    borrowed,
    bridge::{self, Bridge},
    convert,
    strings::Js,
};
use crate::{
    mongo::clients,
    options::config::StoreConfig,
    session::{Dates, Expected, Filter, Id, Request, Scan, Value, Wanted},
    store::{Store, Submitted},
};

/// How long an environment that ends lets accepted writes go out.
const DRAIN_LIMIT: Duration = Duration::from_millis(600);

#[napi(module_exports)]
pub fn init(mut exports: Object, env: Env) -> Result<()> {
    clients::enter_environment();
    env.add_env_cleanup_hook((), |()| {
        let busy = bridge::close_all();
        Store::wait_until_idle(&busy, DRAIN_LIMIT);
        clients::leave_environment();
    })?;
    exports.set_named_property("version", env!("CARGO_PKG_VERSION"))?;
    let open = env.create_function_from_closure::<(), Js, _>("open", |context| open(&context))?;
    exports.set_named_property("open", open)?;
    exports.set_named_property("schedulerCodes", borrowed::codes(&env)?)?;
    let open =
        env.create_function_from_closure::<(), Js, _>("openScheduler", |context| borrowed::open(&context))?;
    exports.set_named_property("openScheduler", open)
}

/// The functions of one store. When the last of them is collected, the store closes by itself.
struct Core {
    store: Arc<Store>,
    bridge: Rc<Bridge>,
    /// Of the operation submitted last: a second call returns it for less than an object of both costs.
    sequence: Cell<u64>,
}

impl Core {
    fn start<T>(&self, context: &FunctionCallContext, submit: impl FnOnce(usize) -> T) -> Result<(T, Js)> {
        let (token, promise) = self.bridge.begin(context.env.raw())?;
        Ok((submit(token), promise))
    }
}

impl Core {
    /// The operation's promise; `null` for a set that must wait for room: it is to be called with `reserve`.
    fn submit(&self, context: &FunctionCallContext, request: Request) -> Result<Js> {
        let (token, promise) = self.bridge.begin(context.env.raw())?;
        match self.store.submit(request, token) {
            Submitted::Accepted(sequence) => {
                self.sequence.set(sequence);
                Ok(promise)
            }
            Submitted::NoRoom => {
                self.bridge.cancel(context.env.raw(), token)?;
                convert::null(context.env)
            }
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.store.abandon();
    }
}

fn open(context: &FunctionCallContext) -> Result<Js> {
    let env: &Env = context.env;
    let config: String = context.get(0)?;
    let bridge = Bridge::new(env)?;
    let opened = StoreConfig::from_json(&config).and_then(|config| Store::open(config, bridge.sink()));
    let store = match opened {
        Ok(store) => store,
        Err(error) => return Err(convert::thrown(env, &error)?),
    };
    bridge.attach(&store);
    let core = Rc::new(Core { store, bridge, sequence: Cell::new(0) });
    let mut functions = Functions { env, core, object: Object::new(env)? };
    for (name, decode) in OPERATIONS {
        functions.add(name, move |core, context| {
            let request = decode(&Arguments(context))?;
            core.submit(context, request)
        })?;
    }
    functions.add("reserve", |core, context| {
        let request =
            Request::Reserve { id: Arguments(context).id()?, bytes: context.get::<u32>(1)? as usize };
        let ((sequence, has_room), promise) =
            core.start(context, |token| core.store.reserve(request, token))?;
        let mut reserved = Object::new(context.env)?;
        reserved.set_c_named_property(c"promise", promise)?;
        reserved.set_c_named_property(c"sequence", sequence_number(sequence))?;
        reserved.set_c_named_property(c"hasRoom", has_room)?;
        Ok(reserved.raw())
    })?;
    functions.add("fill", |core, context| {
        let arguments = Arguments(context);
        let value = arguments.value(6)?;
        core.store.fill(arguments.sequence()?, value, arguments.dates(2)?, arguments.expected(4)?);
        Ok(())
    })?;
    functions.add("withdraw", |core, context| {
        core.store.withdraw(Arguments(context).sequence()?);
        Ok(())
    })?;
    functions.add("sequence", |core, _| Ok(sequence_number(core.sequence.get())))?;
    functions.add("flush", |core, _| {
        core.store.flush();
        Ok(())
    })?;
    functions.add("watchCommands", |core, context| {
        core.store.watch_commands(context.get(0)?);
        Ok(())
    })?;
    functions.add("answerSweep", |core, context| {
        core.store.answer_sweep(context.get(0)?);
        Ok(())
    })?;
    functions.add("close", |core, context| {
        core.start(context, |token| core.store.close(token)).map(|((), promise)| promise)
    })?;
    functions.add("nextEvent", |core, context| core.bridge.next_event(context.env.raw()))?;
    functions.add("stats", |core, _| Ok(core.store.stats()))?;
    Ok(functions.object.raw())
}

#[expect(clippy::cast_precision_loss, reason = "sequence numbers count operations")]
fn sequence_number(sequence: u64) -> f64 {
    sequence as f64
}

/// The object that `open` returns, as it is put together.
struct Functions<'env> {
    env: &'env Env,
    core: Rc<Core>,
    object: Object<'env>,
}

impl Functions<'_> {
    fn add<R, F>(&mut self, name: &str, body: F) -> Result<()>
    where
        R: ToNapiValue,
        F: Fn(&Core, &FunctionCallContext) -> Result<R> + 'static,
    {
        let core = Rc::clone(&self.core);
        let function =
            self.env.create_function_from_closure::<(), R, _>(name, move |context| body(&core, &context))?;
        self.object.set_named_property(name, function)
    }
}

type Decode = fn(&Arguments) -> Result<Request>;

struct Arguments<'a, 'scope>(&'a FunctionCallContext<'scope>);

impl Arguments<'_, '_> {
    fn id(&self) -> Result<Id> {
        convert::read_id(self.0.env, self.0.get(0)?)
    }

    fn sequence(&self) -> Result<u64> {
        let number: f64 = self.0.get(0)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from here")]
        Ok(number as u64)
    }

    /// Milliseconds since the epoch; `null` for none, `Infinity` for never.
    fn millis(&self, index: usize) -> Result<Option<i64>> {
        let number: Option<f64> = self.0.get(index)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a Date's time value is an integer within ±8.64e15; infinity becomes the largest: NEVER"
        )]
        Ok(number.filter(|number| !number.is_nan()).map(|number| number as i64))
    }

    fn now(&self, index: usize) -> Result<i64> {
        Ok(self.millis(index)?.unwrap_or_default())
    }

    fn dates(&self, first: usize) -> Result<Dates> {
        Ok(Dates { expires: self.millis(first)?, last_modified: self.millis(first + 1)? })
    }

    /// What the row must hold, and when it must be live.
    fn expected(&self, first: usize) -> Result<Option<Box<Expected>>> {
        convert::read_expected(self.0.env, self.0.get(first)?, self.millis(first + 1)?)
    }

    /// Of a set, with the fields beside it.
    fn value(&self, fields: usize) -> Result<Value> {
        let mut value = convert::read_value(self.0.env, self.0.get(1)?)?;
        value.fields = convert::read_fields(self.0.env, self.0.get(fields)?)?;
        Ok(value)
    }

    fn filter(&self) -> Result<Filter> {
        convert::read_filter(self.0.env, self.0.get(0)?)
    }

    fn find_where(&self, wanted: Wanted) -> Result<Request> {
        Ok(Request::Where { filter: self.filter()?, wanted, now: self.now(1)? })
    }

    /// `null` for none.
    fn optional_id(&self, index: usize) -> Result<Option<Id>> {
        let id: Unknown = self.0.get(index)?;
        if id.get_type()? == ValueType::Null {
            return Ok(None);
        }
        convert::read_id(self.0.env, id).map(Some)
    }

    fn scan(&self, ids_only: bool) -> Result<Request> {
        Ok(Request::Scan(Scan {
            after: self.optional_id(0)?,
            limit: self.0.get(1)?,
            now: self.now(2)?,
            ids_only,
        }))
    }
}

const OPERATIONS: [(&str, Decode); 19] = [
    ("get", |arguments| Ok(Request::Get { id: arguments.id()?, now: arguments.now(1)? })),
    ("set", |arguments| {
        let value = arguments.value(4)?;
        Ok(Request::Set { id: arguments.id()?, value, dates: arguments.dates(2)?, expected: None })
    }),
    ("setIf", |arguments| {
        let value = arguments.value(6)?;
        let expected = arguments.expected(4)?;
        Ok(Request::Set { id: arguments.id()?, value, dates: arguments.dates(2)?, expected })
    }),
    ("touch", |arguments| Ok(Request::Touch { id: arguments.id()?, dates: arguments.dates(1)? })),
    ("destroy", |arguments| Ok(Request::Destroy { id: arguments.id()? })),
    ("discard", |arguments| {
        let value = convert::read_value(arguments.0.env, arguments.0.get(1)?)?;
        Ok(Request::Discard { id: arguments.id()?, value })
    }),
    ("scan", |arguments| arguments.scan(false)),
    ("scanIds", |arguments| arguments.scan(true)),
    ("count", |_| Ok(Request::Count)),
    ("clear", |_| Ok(Request::Clear)),
    ("ping", |_| Ok(Request::Ping)),
    ("sweep", |_| Ok(Request::Sweep)),
    ("countWhere", |arguments| arguments.find_where(Wanted::Count)),
    ("idsWhere", |arguments| arguments.find_where(Wanted::Ids)),
    ("rowsWhere", |arguments| arguments.find_where(Wanted::Rows)),
    ("destroyWhere", |arguments| {
        Ok(Request::DestroyWhere { filter: arguments.filter()?, except: arguments.optional_id(1)? })
    }),
    ("writeFields", |arguments| Ok(Request::WriteFields { id: arguments.id()?, value: arguments.value(2)? })),
    ("expired", |arguments| Ok(Request::Expired { limit: arguments.0.get(0)? })),
    ("claim", |arguments| Ok(Request::Claim { row: arguments.id()? })),
];
