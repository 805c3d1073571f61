'use strict'

const { once } = require('node:events')
const net = require('node:net')

/**
 * A TCP proxy in front of a server, for what a network can do to a connection: `cut()` ends connections;
 * `hold(pattern)` keeps back what a client sends on a connection from the first chunk on that contains the
 * pattern, until `release()`. `weather`: what becomes of everything that is sent.
 */
class Proxy {
  #target
  #server
  #connections = new Set()
  #pattern = null
  #held = []

  /**
   * null: each chunk is passed on at once. Otherwise a function that is called with each chunk, a function
   * that passes on bytes, and the connection: `{ client, server, isReply }`, two sockets and the direction.
   */
  weather = null

  static async start (port) {
    const proxy = new Proxy(port)
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening')
    proxy.port = proxy.#server.address().port
    proxy.host = `127.0.0.1:${proxy.port}`
    return proxy
  }

  constructor (port) {
    this.#target = port
    this.#server = net.createServer(client => this.#accept(client))
  }

  hold (pattern) {
    this.#pattern = Buffer.from(pattern)
  }

  /** How many connections are held. */
  get held () {
    return this.#held.length
  }

  release () {
    this.#pattern = null
    for (const { server, chunks } of this.#held.splice(0)) for (const chunk of chunks) server.write(chunk)
  }

  /** Ends the connections on which something that contains `pattern` was sent, or all of them. */
  cut (pattern) {
    for (const connection of this.#connections) {
      if (pattern === undefined || connection.seen.includes(pattern)) connection.client.destroy()
    }
  }

  /** The server forgets its connections; the clients are not told, and what they send is lost. */
  forget () {
    for (const connection of this.#connections) {
      connection.halfOpen = true
      connection.server.destroy()
    }
  }

  /** Ends the connections, and takes none until `accept`: nobody listens on its port. */
  refuse () {
    this.#server.close()
    this.cut()
  }

  accept () {
    this.#server.listen(this.port, '127.0.0.1')
  }

  async stop () {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept (client) {
    const server = net.connect(this.#target, '127.0.0.1')
    const connection = { client, server, seen: '', halfOpen: false }
    let held = null
    this.#connections.add(connection)
    client.on('data', chunk => {
      connection.seen = (connection.seen + chunk.toString('latin1')).slice(-100_000)
      if (held === null && this.#pattern !== null && chunk.includes(this.#pattern)) {
        held = { server, chunks: [] }
        this.#held.push(held)
      }
      if (held !== null && this.#held.includes(held)) held.chunks.push(chunk)
      else this.#pass(chunk, server, { client, server, isReply: false })
    })
    server.on('data', chunk => this.#pass(chunk, client, { client, server, isReply: true }))
    for (const socket of [client, server]) {
      socket.on('error', () => {}) // it is closed then
      socket.on('close', () => {
        if (!connection.halfOpen || socket === client) this.#connections.delete(connection)
        // What is held is on its way, whatever becomes of its sender.
        if (held === null || socket === server) server.destroy()
        if (!connection.halfOpen || socket === client) client.destroy()
      })
    }
  }

  #pass (chunk, socket, way) {
    const write = bytes => { if (!socket.destroyed) socket.write(bytes) }
    if (this.weather === null) write(chunk)
    else this.weather(chunk, write, way)
  }
}

module.exports = { Proxy }
