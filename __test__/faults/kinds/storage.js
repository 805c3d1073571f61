'use strict'

// What becomes of a standalone server's disk, clock, indexes and ports.

const { execFileSync } = require('node:child_process')
const { existsSync, mkdtempSync, rmSync } = require('node:fs')
const { open, rm } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')

const { startStandalone } = require('../../helpers/mongod')
const { Proxy } = require('../../helpers/proxy')

const PAUSE_MS = 500

/** Journals take 100 MB each, and there may be three. */
const DISK_MB = 400

/** For the server to find out. Milliseconds. */
const FULL_MS = 4000

/** Debian's package libfaketime. `MT` is for programs with threads. */
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

/** Where nothing is to fail, however busy the machine is. */
const PATIENT_MS = 15_000

const standalone = {
  topology: 'standalone',
  query: { journal: true },
  timeoutMS: 3000,
  start: () => started()
}

async function started (options) {
  // A checkpoint every second: it is what takes room, where sessions are overwritten.
  const args = ['--setParameter', 'enableTestCommands=1', '--syncdelay', '1']
  const server = await startStandalone({ args, ...options })
  return { server, uri: server.uri, stop: () => server.stop() }
}

/** A folder on a disk of its own, which is in memory. */
async function onSmallDisk () {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', folder])
  const unmount = () => {
    execFileSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const { server, uri, stop } = await started({ dbPath: folder })
    return {
      server,
      uri,
      folder,
      async stop () {
        await stop()
        unmount()
      }
    }
  } catch (error) {
    unmount()
    throw error
  }
}

/** Writes a file until there is no more room. */
async function fill (file) {
  const handle = await open(file, 'w')
  const chunk = Buffer.alloc(1 << 20)
  try {
    for (;;) await handle.write(chunk)
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error
  } finally {
    await handle.close()
  }
}

function canMount () {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', os.tmpdir()], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** When the disk is full, mongod ends itself: what fails there cannot be undone. */
async function withFullDisk ({ server, folder, times }) {
  for (let n = 0; n < times; n++) {
    await sleep(PAUSE_MS)
    const file = path.join(folder, 'filler')
    const ended = server.ended()
    await fill(file)
    const hasEnded = await Promise.race([ended, sleep(FULL_MS, false)])
    await rm(file)
    if (hasEnded) await server.restart()
    await sleep(PAUSE_MS)
  }
}

const clock = offset => ({ LD_PRELOAD: FAKETIME, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' })

const withoutFaketime = () => existsSync(FAKETIME) ? undefined : 'no libfaketime'

const clockRun = async ({ times }) => sleep(3000 * times)

module.exports = {
  'the disk is full': {
    ...standalone,
    timeoutMS: PATIENT_MS,
    times: 2,
    lacks: () => canMount() ? undefined : 'no right to mount',
    start: onSmallDisk,
    run: withFullDisk
  },
  'the server is read-only for 2 s': {
    ...standalone,
    exactResults: true,
    times: 3,
    // What a server does that is read-only: it refuses writes by this code. There is no switch for it.
    async run ({ admin, times }) {
      const data = { failCommands: ['update', 'delete', 'findAndModify'], errorCode: 20 }
      for (let n = 0; n < times; n++) {
        await sleep(PAUSE_MS)
        await admin.command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data })
        await sleep(2000)
        await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
      }
      await sleep(PAUSE_MS)
    }
  },
  'an index is built': {
    ...standalone,
    exactResults: true,
    times: 10,
    async run ({ db, runs, times }) {
      const rows = Array.from({ length: 5000 }, (_, n) => ({ _id: `filler-${n}`, filler: 'x'.repeat(500) }))
      for (let n = 0; n < times; n++) {
        await Promise.all(runs.map(async ({ collection }) => {
          // In a collection beside it, whose build takes the same locks and the same disk, and in its own.
          await db.collection(`${collection}-filler`).insertMany(rows, { ordered: false })
          await db.collection(`${collection}-filler`).createIndex({ filler: 1 })
          await db.collection(collection).createIndex({ [`extra${n}`]: 1 })
        }))
        await Promise.all(runs.flatMap(({ collection }) => [
          db.collection(`${collection}-filler`).drop(), db.collection(collection).dropIndex(`extra${n}_1`)
        ]))
        await sleep(PAUSE_MS)
      }
    }
  },
  'the port is wrong for longer than the deadline': {
    ...standalone,
    times: 2,
    async start () {
      const server = await startStandalone()
      const proxy = await Proxy.start(server.port)
      const stop = async () => {
        await proxy.stop()
        await server.stop()
      }
      return { server, proxy, uri: `mongodb://${proxy.host}/`, directUri: server.uri, stop }
    },
    async run ({ proxy, times }) {
      for (let n = 0; n < times; n++) {
        await sleep(PAUSE_MS)
        proxy.refuse()
        await sleep(4500)
        proxy.accept()
        await sleep(PAUSE_MS)
      }
      await sleep(PAUSE_MS)
    }
  },
  "the server's clock is an hour ahead": {
    ...standalone,
    exactResults: true,
    timeoutMS: PATIENT_MS,
    times: 1,
    lacks: withoutFaketime,
    start: () => started({ environment: clock('+3600') }),
    // The sessions of a trial live for two hours: see recorder.js.
    run: clockRun
  },
  "the server's clock is an hour behind": {
    ...standalone,
    exactResults: true,
    timeoutMS: PATIENT_MS,
    times: 1,
    lacks: withoutFaketime,
    start: () => started({ environment: clock('-3600') }),
    run: clockRun
  },
  "the client's clock is an hour ahead": {
    ...standalone,
    exactResults: true,
    timeoutMS: PATIENT_MS,
    times: 1,
    lacks: withoutFaketime,
    environment: clock('+3600'),
    start: () => started({ environment: { LD_PRELOAD: '', FAKETIME: '' } }),
    run: clockRun
  },
  "the client's clock is an hour behind": {
    ...standalone,
    exactResults: true,
    timeoutMS: PATIENT_MS,
    times: 1,
    lacks: withoutFaketime,
    environment: clock('-3600'),
    start: () => started({ environment: { LD_PRELOAD: '', FAKETIME: '' } }),
    run: clockRun
  }
}
