'use strict'

// One fault, one subject, one seed: random calls while something breaks, and what the checker says of them.

const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { DATABASE } = require('../helpers/stores')
const { check } = require('./checker')
const { LoopClock } = require('./loop-clock')
const merging = require('./merging/checker')
const { MergingRecorder } = require('./merging/recorder')
const { MergingWorkload } = require('./merging/workload')
const { seeded } = require('./random')
const { Recorder } = require('./recorder')
const { openStores, PEER, readRows } = require('./subjects')
const { Workload } = require('./workload')

/** In a trial, over all stores. */
const CLIENTS = 64

/** connect-mongo has no deadlines: this is how long it has when all is well again. Milliseconds. */
const PEER_LIMIT_MS = 30_000

/** Kinds of violations that come of a row that is not what it was. */
const OF_ROWS = new Set([
  'lost', 'resurrected', 'created twice', 'another expiration', 'found a row that is not there',
  'missed a row that is there', 'not listed', 'listed and not there', 'miscounted'
])

/** Over the deadline and its grace, for the trial to look. Milliseconds. */
const SLACK_MS = 2000

/** Ours close within 2 s of their last operation's deadline, the peer perhaps never. Milliseconds. */
const CLOSE_LIMIT_MS = 10_000

/**
 * `fault`: of kinds/. `subjects`: of subjects.js, one or several at once. `times`: how often it happens.
 * Returns figures, and for each store its ledger and what is wrong with it.
 */
async function runTrial (fault, subjects, options) {
  const { seed, times = fault.times, clients = fault.clients ?? CLIENTS, pauseMS = fault.pauseMS } = options
  const scene = await fault.start()
  const client = new MongoClient(scene.directUri ?? scene.uri)
  const clock = new LoopClock()
  try {
    const isPeer = subjects.includes(PEER)
    const operationTimeoutMS = fault.timeoutMS
    const { stores, close } = openStores(subjects, {
      uri: scene.uri, query: fault.query, kinds: fault.kinds, operationTimeoutMS
    })
    const db = client.db(DATABASE)
    const runs = await Promise.all(stores.map((opened, n) => startCalls(opened, {
      db, clock, seed: seed * 10 + n, isPeer, pauseMS, clients: Math.ceil(clients / stores.length)
    })))
    const started = performance.now()
    const happened = await fault.run({ ...scene, times, admin: client.db('admin'), db, runs, random: seeded(seed) })
    const limitMS = isPeer ? PEER_LIMIT_MS : operationTimeoutMS + SLACK_MS
    await Promise.all(runs.map(({ workload }) => workload.stop(limitMS)))
    const seconds = (performance.now() - started) / 1000
    await scene.settle?.()
    for (const run of runs) await finish(run, db)
    const promises = promisesOf(fault, { isPeer, operationTimeoutMS })
    const result = report(runs, promises, scene.rolledBack, { seed, times: happened ?? times, seconds })
    // Afterwards: what only a close settles has hung.
    await Promise.race([close(), sleep(CLOSE_LIMIT_MS, undefined, { ref: false })])
    return result
  } finally {
    clock.stop()
    await client.close()
    await scene.stop()
  }
}

async function startCalls (opened, { db, clock, seed, isPeer, clients, pauseMS }) {
  const { name, store, collection, tells, merges } = opened
  const random = seeded(seed)
  const [Calls, Load] = merges ? [MergingRecorder, MergingWorkload] : [Recorder, Workload]
  const recorder = new Calls(store, { random, clock, ...tells })
  // The store has connected before anything breaks. What it finds is what it has stored itself.
  await recorder.get('nobody')
  await db.collection(collection).deleteMany({})
  const workload = new Load(recorder, { random, name, clients, pauseMS, inTurn: isPeer })
  return { ...opened, recorder, workload }
}

/** What the store sees in the end, and what is really there. */
async function finish (run, db) {
  const { recorder, workload } = run
  // Nothing is known of what has not settled.
  if (recorder.unsettled === 0) await Promise.all(workload.ids.map(id => recorder.get(id)))
  run.finalRows = await readRows(db, run)
}

function promisesOf (fault, { isPeer, operationTimeoutMS }) {
  const { topology, exactResults = topology !== 'standalone', failsFinds = false } = fault
  return {
    fences: topology !== 'standalone',
    exactResults,
    touchesMayPass: failsFinds,
    showsTouches: !isPeer,
    timeoutMS: isPeer ? null : operationTimeoutMS
  }
}

function report (runs, promises, rolledBack, facts) {
  const checked = runs.map(({ name, merges, recorder, finalRows }) => {
    const { ledger, strayEvents, errors } = recorder
    const seen = (merges ? merging.check : check)({ ledger, finalRows, strayEvents }, promises)
    const found = withoutRolledBack(seen, rolledBack)
    return { name, promises, ledger, errors: [...errors], ...found }
  })
  const sum = figure => checked.reduce((total, one) => total + one[figure], 0)
  const violations = checked.flatMap(({ name, violations }) => violations.map(violation => ({ name, ...violation })))
  const figures = { longestMS: Math.max(...checked.map(({ longestMS }) => longestMS)) }
  for (const figure of ['operations', 'acknowledged', 'failed', 'unknown', 'unpromised']) figures[figure] = sum(figure)
  return { ...facts, ...figures, ...named(violations), violations, stores: checked }
}

/** What the server has undone is no violation. Of a count nobody knows whose rows it is of. */
function withoutRolledBack (found, rolledBack = new Set()) {
  const isKnown = ({ entry }) => entry.id === undefined ? rolledBack.size > 0 : rolledBack.has(entry.id)
  const violations = found.violations.filter(violation => !(OF_ROWS.has(violation.kind) && isKnown(violation)))
  return { ...found, violations, unpromised: found.unpromised + found.violations.length - violations.length }
}

/** How many violations there are of each kind that has a column of its own. */
function named (violations) {
  const count = (...kinds) => violations.filter(({ kind }) => kinds.includes(kind)).length
  const columns = {
    lost: count('lost', 'not listed'),
    resurrected: count('resurrected', 'listed and not there'),
    createdTwice: count('created twice'),
    unsettled: count('never settled', 'settled twice', 'never called back', 'settled too late')
  }
  const others = violations.length - Object.values(columns).reduce((total, one) => total + one, 0)
  return { ...columns, others }
}

module.exports = { runTrial }
