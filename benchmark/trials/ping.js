'use strict'

// How long a command that does nothing takes, one at a time: what the network between really adds up to.

const { MongoClient } = require('mongodb')
const { median } = require('../report')

const PINGS = 50

const { url } = JSON.parse(process.argv[2])

run()

async function run () {
  const client = await new MongoClient(url).connect()
  const times = []
  // The first ones find code that is not compiled yet.
  for (let index = 0; index < 2 * PINGS; index++) {
    const began = performance.now()
    await client.db('admin').command({ ping: 1 })
    if (index >= PINGS) times.push(performance.now() - began)
  }
  await client.close()
  process.send({ pingMS: median(times) }, () => process.disconnect())
}
