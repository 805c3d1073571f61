'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { pick } = require('../random')

const CALLS = [[85, 'request'], [10, 'destroy'], [5, 'get']]
const OF_MANY_ROWS = [[4, 'destroyWhere'], [1, 'clear'], [1, 'ping']]

/** Requests of one session that overlap, at most. */
const CLIENTS_PER_ID = 4

/** Between two calls of these. Milliseconds. */
const PAUSE_MS = 300

/**
 * Requests of sessions, which overlap, until `stop`: each loads its session, takes up to `pauseMS`, and saves
 * it. Some log out instead, and one ends many sessions at once.
 */
class MergingWorkload {
  #recorder
  #random
  #pauseMS
  #running = true
  #clients

  constructor (recorder, { random, name, clients, pauseMS = 40 }) {
    this.#recorder = recorder
    this.#random = random
    this.#pauseMS = pauseMS
    this.ids = Array.from({ length: Math.ceil(clients / CLIENTS_PER_ID) }, (_, n) => `${name}-${n}`)
    this.#clients = Array.from({ length: clients }, () => this.#client())
    this.#clients.push(this.#caretaker())
  }

  /** Calls no more. Resolves when everything has settled, or `limitMS` later. */
  async stop (limitMS) {
    this.#running = false
    await Promise.race([Promise.all(this.#clients), sleep(limitMS, undefined, { ref: false })])
  }

  async #client () {
    while (this.#running) {
      const id = this.ids[Math.floor(this.#random() * this.ids.length)]
      const call = pick(this.#random, CALLS)
      await (call === 'request' ? this.#request(id) : this.#recorder[call](id))
      await sleep(this.#random() * this.#pauseMS)
    }
  }

  async #request (id) {
    const object = await this.#recorder.load(id)
    await sleep(this.#random() * this.#pauseMS)
    if (!this.#running || object === undefined) return
    await (object === null ? this.#recorder.create(id) : this.#recorder.save(id, object))
  }

  async #caretaker () {
    while (this.#running) {
      await this.#recorder[pick(this.#random, OF_MANY_ROWS)](this.#random())
      await sleep(this.#random() * 2 * PAUSE_MS)
    }
  }
}

module.exports = { MergingWorkload }
