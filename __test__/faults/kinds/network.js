'use strict'

// What a network does between a store and a server, which is a replica set of one: its transaction numbers
// tell late and repeated writes apart.

const { setTimeout: sleep } = require('node:timers/promises')
const { startReplicaSet } = require('../../helpers/mongod')
const { Proxy } = require('../../helpers/proxy')

const throughProxy = {
  topology: 'replica set of one',
  query: { w: 'majority', retryWrites: true, directConnection: true },
  timeoutMS: 10_000,
  async start () {
    const server = await startReplicaSet({ count: 1 })
    const [member] = server.members
    const proxy = await Proxy.start(member.port)
    const stop = async () => {
      await proxy.stop()
      await server.stop()
    }
    return { server, proxy, uri: `mongodb://${proxy.host}/`, directUri: `${member.uri}?directConnection=true`, stop }
  }
}

/** Over more than one heartbeat of monitoring, so that stores can find out. Milliseconds. */
const STALL_MS = 3000

/** Keeps chunks back while `wants` them, in the order in which they came. `flush` passes them on. */
function holdBack (proxy, wants) {
  const held = []
  proxy.weather = (chunk, write, way) => {
    if (wants(way)) held.push(() => write(chunk))
    else write(chunk)
  }
  return () => {
    proxy.weather = null
    for (const pass of held) pass()
  }
}

function stalls (wants, durationMS = STALL_MS) {
  return async ({ proxy, times }) => {
    for (let n = 0; n < times; n++) {
      await sleep(700)
      const flush = holdBack(proxy, wants)
      await sleep(durationMS)
      flush()
    }
    await sleep(500)
  }
}

/** Passes bytes on in pieces of at most `length`, one in each turn of the event loop. */
function inPieces (length, random) {
  const queues = new WeakMap()
  return (chunk, write, { client, server, isReply }) => {
    const socket = isReply ? client : server
    const queue = queues.get(socket) ?? []
    queues.set(socket, queue)
    for (let at = 0; at < chunk.length;) {
      const next = at + 1 + Math.floor(random() * length)
      queue.push({ bytes: chunk.subarray(at, next), write })
      at = next
    }
    if (queue.isPumped) return
    queue.isPumped = true
    const pump = () => {
      const piece = queue.shift()
      piece.write(piece.bytes)
      queue.isPumped = queue.length > 0
      if (queue.isPumped) setImmediate(pump)
    }
    pump()
  }
}

module.exports = {
  'a network with a round trip of 60 ms': {
    ...throughProxy,
    times: 1,
    async run ({ proxy, times }) {
      // Timers of one duration fire in their order.
      proxy.weather = (chunk, write) => setTimeout(write, 30, chunk)
      await sleep(4000 * times)
    }
  },
  'a network that splits messages': {
    ...throughProxy,
    times: 1,
    async run ({ proxy, times, random }) {
      proxy.weather = inPieces(200, random)
      await sleep(4000 * times)
    }
  },
  'a network that stalls for 3 s': { ...throughProxy, times: 2, run: stalls(() => true) },
  'replies that stall for 3 s': { ...throughProxy, times: 2, run: stalls(({ isReply }) => isReply) },
  'requests that stall past the deadline': {
    ...throughProxy, timeoutMS: 1000, times: 3, run: stalls(({ isReply }) => !isReply, 2500)
  },
  'replies that stall past the deadline': {
    ...throughProxy, timeoutMS: 1000, times: 3, run: stalls(({ isReply }) => isReply, 2500)
  },
  'connections are cut': {
    ...throughProxy,
    times: 10,
    async run ({ proxy, times, random }) {
      for (let n = 0; n < times; n++) {
        await sleep(400 + random() * 400)
        proxy.cut()
      }
      await sleep(500)
    }
  },
  'connections are cut within messages': {
    ...throughProxy,
    times: 20,
    async run ({ proxy, times, random }) {
      for (let n = 0; n < times; n++) {
        await sleep(300)
        proxy.weather = (chunk, write, { client }) => {
          proxy.weather = null
          write(chunk.subarray(0, Math.floor(random() * chunk.length)))
          client.end()
          client.destroySoon()
        }
      }
      await sleep(500)
    }
  },
  'connections are forgotten by the server (half-open)': {
    ...throughProxy,
    timeoutMS: 3000,
    times: 2,
    async run ({ proxy, times }) {
      for (let n = 0; n < times; n++) {
        await sleep(700)
        proxy.forget()
        await sleep(4000)
      }
    }
  }
}
