'use strict'

// A primary that is cut off: from everybody or from some, in both directions or in one. What is sent is lost
// and nobody is told, as where a cable is pulled. The members are on hosts of their own.

const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { startSeparateReplicaSet } = require('../../helpers/mongod')
const { Network } = require('../../helpers/separate-hosts')

/** Longer than an election takes (its timeout is 2 s), shorter than the deadline. Milliseconds. */
const CUT_MS = 8000

const PAUSE_MS = 700

const separate = {
  topology: 'replica set',
  query: { w: 'majority', journal: true, retryWrites: true },
  timeoutMS: 20_000,
  times: 2,
  needsHosts: true,
  async start () {
    const network = await Network.start(3)
    const server = await startSeparateReplicaSet(network.hosts, { args: ['--syncdelay', '1'] })
    const stop = async () => {
      network.heal()
      await server.stop()
      await network.stop()
    }
    return { network, server, uri: server.uri, settle: () => server.caughtUp(), stop }
  }
}

/** `whom(others)`: pairs of who is cut off from whom; the primary is 'primary'. */
function cutting (whom, beforeHealing = async () => {}) {
  return async scene => {
    const { network, server, times } = scene
    for (let n = 0; n < times; n++) {
      await sleep(PAUSE_MS)
      const primary = server.members.indexOf(await server.primary())
      const others = [...server.members.keys()].filter(index => index !== primary)
      for (const pair of whom(others)) network.cut(...pair.map(one => one === 'primary' ? primary : one))
      await sleep(CUT_MS)
      await beforeHealing(scene, server.members[primary], others.map(index => server.members[index]))
      network.heal()
      await server.primary()
      await server.caughtUp()
    }
    await sleep(PAUSE_MS)
  }
}

const to = others => others.map(other => [other, 'primary'])
const from = others => others.map(other => ['primary', other])

/**
 * What the old primary has stored and the others have not, by ids of sessions: it will be rolled back. Oplogs
 * are compared by the moments of their entries.
 */
async function noteDivergence ({ rolledBack, runs }, old, others) {
  const clients = [old, ...others].map(({ uri }) => new MongoClient(uri, { directConnection: true }))
  try {
    const [own, ...theirs] = await Promise.all(clients.map(client => entriesOf(client, runs)))
    const common = new Set(theirs.flat().map(({ at }) => at))
    for (const { at, id } of own) if (!common.has(at)) rolledBack.add(id)
  } finally {
    await Promise.all(clients.map(client => client.close()))
  }
}

async function entriesOf (client, runs) {
  const collections = new Set(runs.map(({ collection }) => collection))
  const oplog = client.db('local').collection('oplog.rs').find({ op: { $in: ['i', 'u', 'd'] } })
  const entries = await oplog.toArray()
  const isTheirs = ({ ns }) => collections.has(ns.slice(ns.indexOf('.') + 1))
  return entries.filter(isTheirs).map(({ ts, o, o2 }) => ({ at: ts.toString(), id: (o2 ?? o)._id }))
}

module.exports = {
  'the primary is cut off from all': {
    ...separate, run: cutting(others => [...to([...others, 'clients']), ...from([...others, 'clients'])])
  },
  'the primary is cut off from the members': { ...separate, run: cutting(others => [...to(others), ...from(others)]) },
  'the primary is cut off from clients': { ...separate, run: cutting(() => [...to(['clients']), ...from(['clients'])]) },
  'the primary hears nobody': { ...separate, run: cutting(others => to([...others, 'clients'])) },
  'nobody hears the primary': { ...separate, run: cutting(others => from([...others, 'clients'])) },
  'acknowledged by one member (w: 1), and rolled back': {
    ...separate,
    query: { w: 1, retryWrites: true },
    kinds: ['modern', 'legacy', 'merging'],
    async start () {
      return { ...await separate.start(), rolledBack: new Set() }
    },
    run: cutting(others => [...to(others), ...from(others)], noteDivergence)
  }
}
