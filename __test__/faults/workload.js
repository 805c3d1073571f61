'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { pick } = require('./random')

const CALLS = [[45, 'set'], [30, 'get'], [15, 'touch'], [10, 'destroy']]
const OF_ALL_ROWS = [[3, 'length'], [2, 'ids'], [2, 'all'], [1, 'clear'], [1, 'sweep'], [1, 'ping']]

/** Bytes. Small sessions, and now and then one that travels alone (over 256 KiB). */
const PADDINGS = [[90, 0], [9, 2000], [0.5, 20_000], [0.1, 300_000]]

/** Between two calls of these. Milliseconds. */
const PAUSE_MS = 150

/**
 * Random calls of many ids, until `stop`. `clients` call at the same time, each on ids of its own; and one
 * calls what concerns all rows, unless `inTurn`. A client waits for what it has called, then for up to
 * `pauseMS`. `inTurn`: an id has one operation at a time, as where order is not promised; otherwise up to 8.
 */
class Workload {
  #recorder
  #random
  #inTurn
  #running = true
  #clients

  constructor (recorder, { random, name, clients = 64, idsPerClient = 4, pauseMS = 40, inTurn = false }) {
    this.#recorder = recorder
    this.#random = random
    this.#inTurn = inTurn
    this.ids = Array.from({ length: clients * idsPerClient }, (_, n) => `${name}-${n}`)
    this.#clients = Array.from({ length: clients }, (_, n) =>
      this.#client(this.ids.slice(n * idsPerClient, (n + 1) * idsPerClient), pauseMS))
    if (!inTurn) this.#clients.push(this.#caretaker())
  }

  /** Calls no more. Resolves when everything has settled, or `limitMS` later. */
  async stop (limitMS) {
    this.#running = false
    await Promise.race([Promise.all(this.#clients), sleep(limitMS, undefined, { ref: false })])
  }

  async #client (ids, pauseMS) {
    while (this.#running) {
      await Promise.all(this.#inTurn ? [this.#call(this.#one(ids))] : this.#burst(ids))
      await sleep(this.#random() * pauseMS)
    }
  }

  /** Mostly one call; sometimes a few of one id, or of several. */
  #burst (ids) {
    const count = this.#random() < 0.7 ? 1 : 2 + Math.floor(this.#random() * 7)
    const same = this.#random() < 0.5 ? this.#one(ids) : null
    return Array.from({ length: count }, () => this.#call(same ?? this.#one(ids)))
  }

  #call (id) {
    const call = pick(this.#random, CALLS)
    return call === 'set' ? this.#recorder.set(id, pick(this.#random, PADDINGS)) : this.#recorder[call](id)
  }

  async #caretaker () {
    while (this.#running) {
      await this.#recorder[pick(this.#random, OF_ALL_ROWS)]()
      await sleep(this.#random() * 2 * PAUSE_MS)
    }
  }

  #one (ids) {
    return ids[Math.floor(this.#random() * ids.length)]
  }
}

module.exports = { Workload }
