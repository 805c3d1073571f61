'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const os = require('node:os')
const { setTimeout: sleep } = require('node:timers/promises')
const { freePort } = require('../scripts/free-port')

const PATIENCE_MS = 10_000

/** Starts a redis-server that writes nothing to the disk; null where there is none on the path. */
async function startRedis (signal) {
  const port = await freePort()
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', os.tmpdir()]
  const server = spawn('redis-server', args, { stdio: 'ignore', signal })
  const exited = once(server, 'exit').catch(() => {})
  try {
    await once(server, 'spawn')
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
  await listening(server, port)
  const stop = async () => {
    server.kill()
    await exited
  }
  return { url: `redis://127.0.0.1:${port}`, stop }
}

async function listening (server, port) {
  for (let waited = 0; waited < PATIENCE_MS && server.exitCode === null; waited += 50) {
    const socket = net.connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(() => true, () => false)
    socket.destroy()
    if (open) return
    await sleep(50)
  }
  server.kill()
  throw new Error('redis-server did not start')
}

module.exports = { startRedis }
