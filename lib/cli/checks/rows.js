'use strict'

const { count, sessions } = require('../format')
const { ok, problem, warning } = require('./finding')

// What is in the collection, by a look at some of it.

/** Rows that are looked at. */
const LOOKED_AT = 100_000

/** MongoDB removes expired rows once a minute, and a busy server takes its time. Milliseconds. */
const OVERDUE_MS = 10 * 60 * 1000

/** Bytes. A request reads a session, and often writes it. */
const LARGE = 1024 * 1024

async function checkRows (form, { collection, db }, indexed) {
  const { localTime } = await db.command({ hello: 1 })
  const overdue = new Date(localTime.getTime() - OVERDUE_MS)
  const [found = { rows: 0 }] = await collection.aggregate([
    { $limit: LOOKED_AT },
    { $set: { kind: { $type: '$expires' } } },
    {
      $group: {
        _id: null,
        rows: { $sum: 1 },
        odd: countIf({ $not: [{ $in: ['$kind', ['date', 'missing', 'null']] }] }),
        never: countIf({ $in: ['$kind', ['missing', 'null']] }),
        overdue: countIf({ $and: [{ $eq: ['$kind', 'date'] }, { $lt: ['$expires', overdue] }] }),
        large: countIf({ $gt: [{ $bsonSize: '$$ROOT' }, LARGE] })
      }
    }
  ]).toArray()
  return [
    found.odd > 0 ? oddExpirations(found, collection) : undefined,
    found.never > 0 ? immortal(found, collection) : undefined,
    found.overdue > 0 ? await expired(found, { collection, db, overdue }, indexed) : undefined,
    found.large > 0 ? large(found) : undefined
  ].filter(Boolean).concat(ok('rows', found.rows < LOOKED_AT ? `${sessions(found.rows)} stored.` : `${sessions(LOOKED_AT)} looked at.`))
}

function countIf (condition) {
  return { $sum: { $cond: [condition, 1, 0] } }
}

/** MongoDB removes by dates alone, and no store finds such a session. */
function oddExpirations ({ odd }, collection) {
  const filter = { expires: { $exists: true, $not: { $type: ['date', 'null'] } } }
  const date = { $convert: { input: '$expires', to: 'date', onError: '$expires', onNull: '$expires' } }
  const update = [{ $set: { expires: date } }]
  return problem('expires-type', `Sessions whose expires is no date: ${count(odd)}. They are not found, and never removed.`,
    `db.getCollection('${collection.collectionName}').updateMany(${JSON.stringify(filter)}, ${JSON.stringify(update)})`,
    { fix: () => collection.updateMany(filter, update) })
}

function immortal ({ never }, collection) {
  return warning('never-expires', `Sessions without an expires: ${count(never)}. They stay for ever.`,
    `Give them a date: db.getCollection('${collection.collectionName}').updateMany({ expires: null }, { $set: { expires: ` +
    'new Date(Date.now() + 14 * 86400000) } }); and find out which app writes them')
}

/** By the server's clock: this machine's may be ahead. */
async function expired (found, { collection, db, overdue }, indexed) {
  const remove = { fix: () => collection.deleteMany({ expires: { $lt: overdue } }), destroys: true }
  const message = `Sessions that expired more than ten minutes ago and are still stored: ${count(found.overdue)}`
  if (indexed && await isMonitorOff(db)) {
    return problem('ttl-monitor', `${message}. The server's TTL monitor is switched off.`,
      "db.adminCommand({ setParameter: 1, ttlMonitorEnabled: true }); or autoRemove: 'interval'; and now: connect-mongo-native sweep --yes",
      remove)
  }
  return warning('expired-rows', `${message}.`, 'connect-mongo-native sweep --yes', remove)
}

/** As far as the user may ask. */
async function isMonitorOff (db) {
  try {
    const { ttlMonitorEnabled } = await db.admin().command({ getParameter: 1, ttlMonitorEnabled: 1 })
    return ttlMonitorEnabled === false
  } catch {
    return false
  }
}

function large ({ large }) {
  return warning('large-rows', `Sessions of more than 1 MB: ${count(large)}. They cross the network at each request.`,
    'Keep in the session what names the data, and the data elsewhere. connect-mongo-native inspect shows the sizes')
}

module.exports = { checkRows }
