'use strict'

// The check of imports, on sources that are made up to fail; and the picture in the docs, which must be of
// what is there.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')

const { checkHouses, checkJavascript, checkRust, picture } = require('../../scripts/check-imports')

const rust = sources => checkRust(new Map(Object.entries(sources)))
const faultsOf = sources => rust(sources).faults

describe('src/', () => {
  test('uses what is below, however that is written', () => {
    const { arrows, faults, imports } = rust({
      'lib.rs': 'pub mod node; pub mod schedule; pub mod session;',
      'node/mod.rs': 'mod turn;',
      'node/turn.rs': 'use crate::{schedule::{self, window::{Size as S, *}}, session::Id};\n' +
        'fn a<\'a>(b: &\'a str) -> char { schedule::Scheduler::new(); crate::session::dates::now(); \'"\' }',
      'schedule/mod.rs': 'mod scheduler; pub mod window; pub use scheduler::Scheduler;',
      'schedule/scheduler.rs': 'pub struct Scheduler; fn b(w: super::window::Size) {}',
      'schedule/window.rs': 'pub struct Size;',
      'session/mod.rs': 'pub mod dates; mod id; pub use self::id::Id;',
      'session/dates.rs': 'pub fn now() {}',
      'session/id.rs': 'pub struct Id;'
    })
    assert.deepEqual(faults, [])
    assert.deepEqual(arrows.get('node'), ['schedule', 'session'])
    assert.deepEqual(imports.get('node/turn.rs').toSorted(), [
      'schedule/mod.rs', 'schedule/scheduler.rs', 'schedule/window.rs', 'session/dates.rs', 'session/id.rs'
    ])
    assert.deepEqual(imports.get('schedule/scheduler.rs'), ['schedule/window.rs'])
  })

  test('an arrow upward is a fault, in a use and in a path', () => {
    for (const text of ['use crate::{store::{Store}};', 'fn a() { crate::store::Store::open(); }', 'use super::super::store;']) {
      assert.deepEqual(faultsOf({
        'lib.rs': 'mod store; mod session;',
        'store.rs': 'pub struct Store;',
        'session/mod.rs': 'mod id;',
        'session/id.rs': text
      }), ['session/id.rs uses store.rs, which is above it'], text)
    }
  })

  test('a circle is one through re-exports, too', () => {
    assert.deepEqual(faultsOf({
      'lib.rs': 'pub mod schedule;',
      'schedule/mod.rs': 'mod a; mod b; pub use a::A; pub use b::B;',
      'schedule/a.rs': 'use crate::schedule::B; pub struct A;',
      'schedule/b.rs': 'pub struct B; fn b(a: super::A) {}'
    }), ['schedule/a.rs → schedule/b.rs → schedule/a.rs is a circle'])
  })

  test('a module and what is below it may close a circle', () => {
    const [fault] = faultsOf({
      'lib.rs': 'mod options;',
      'options/mod.rs': 'mod uri; use self::uri::Uri; pub struct Spec;',
      'options/uri.rs': 'use super::*; pub struct Uri(Spec);'
    })
    assert.match(fault, /options\/mod\.rs → options\/uri\.rs → options\/mod\.rs is a circle/)
  })

  test('crates and unsafe have their places', () => {
    assert.deepEqual(faultsOf({
      'lib.rs': 'mod node; mod mongo; mod schedule;',
      'node/mod.rs': 'mod bridge; mod convert;',
      'node/bridge.rs': 'use napi::Env; fn a() { unsafe { b() } }',
      'node/convert.rs': 'fn a() { unsafe { b() } }',
      'mongo/mod.rs': 'use mongodb::Client; fn a() { tokio::spawn(b()) } #[napi_derive::napi] fn c() {}',
      'schedule/mod.rs': 'use std::time; fn a(b: tokio::time::Instant, c: mongodb::Client, d: napi::Env) {}'
    }), [
      'src/node/convert.rs names unsafe, which only src/node/bridge.rs and src/node/strings.rs may',
      'src/mongo/mod.rs names napi_derive, which only src/node may',
      'src/schedule/mod.rs names napi, which only src/node may',
      'src/schedule/mod.rs names tokio, which no room that decides may (session, schedule, command)',
      'src/schedule/mod.rs names mongodb, which no room that decides may (session, schedule, command)'
    ])
  })

  test('lib.rs declares, and every file has a room', () => {
    assert.deepEqual(faultsOf({
      'lib.rs': 'mod session; mod attic; pub use session::Id;',
      'session/mod.rs': 'pub struct Id;',
      'attic.rs': ''
    }), ['attic.rs is in no room', 'src/lib.rs may only declare rooms: it uses something itself'])
  })

  test('comments, texts and unit tests do not count', () => {
    assert.deepEqual(faultsOf({
      'lib.rs': 'mod store; mod session;',
      'store.rs': 'pub struct Store;',
      'session/mod.rs': '//! See [`crate::store::Store`].\n/* use crate::store::Store; /* nested */ unsafe */\n' +
        'const A: &str = "use crate::store::Store; \\" unsafe"; const B: &str = r#"napi::" crate::store::Store"#;\n' +
        '#[cfg(test)]\nmod tests { use crate::store::Store; }\n#[cfg(test)]\nmod more;',
      'session/more.rs': 'use crate::store::Store;'
    }), [])
  })
})

describe('lib/', () => {
  test('an arrow upward and a circle are faults', () => {
    const { faults } = checkJavascript(new Map(Object.entries({
      'support/warnings.js': "require('../store')",
      'store.js': "require('./backends')",
      'backends/index.js': "require('./native')",
      'backends/native/index.js': "require('..')"
    })))
    assert.deepEqual(faults, [
      'support/warnings.js uses store.js, which is above it',
      'backends/index.js → backends/native/index.js → backends/index.js is a circle'
    ])
  })
})

describe('this package', () => {
  const houses = checkHouses()

  test('has no faults', () => {
    assert.deepEqual([...houses.src.faults, ...houses.lib.faults], [])
  })

  test('the picture in the docs is of what is there: node scripts/check-imports.js --mermaid', () => {
    const docs = fs.readFileSync(path.join(__dirname, '../../docs/architecture.md'), 'utf8')
    assert.ok(docs.includes(picture(houses)), picture(houses))
  })
})
