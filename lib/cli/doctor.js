'use strict'

const { lenientClient } = require('../backends/driver/dial')
const { findPeer, missingPeer } = require('../support/peers')
const { appOptions, checkOptions, loadOptions } = require('./checks/app-options')
const { checkCollection } = require('./checks/collection')
const { checkConfiguration } = require('./checks/configuration')
const { ok, problem } = require('./checks/finding')
const { checkIndexes } = require('./checks/indexes')
const { explainFailure } = require('./checks/reach')
const { checkRights } = require('./checks/rights')
const { checkRoundTrip } = require('./checks/round-trip')
const { checkRows } = require('./checks/rows')
const { checkServer } = require('./checks/server')
const EXIT = require('./exit-codes')
const { BACKEND, HELP, JSON_OUTPUT, OPTIONS, WHERE, YES } = require('./options')

/** How long a server is looked for, unless the connection string says otherwise. Milliseconds. */
const SELECTION_MS = 5000

async function run (context) {
  const { output, values } = context
  const given = values.options === undefined ? {} : await loadOptions(values.options)
  const options = appOptions(given, context)
  output.hide(options.mongoUrl)
  const mongodb = driver()

  const [fixed, failed] = [[], []]
  let findings = await examine(options, mongodb, async findings => {
    if (!values.fix) return
    for (const finding of findings.filter(({ fix }) => fix)) await mend(finding, { yes: values.yes, fixed, failed })
  })
  if (fixed.length > 0) findings = await examine(options, mongodb)
  report({ findings, fixed, failed }, output)
  return findings.some(({ level }) => level === 'problem') ? EXIT.trouble : EXIT.done
}

/** mongodb 4 or later, whose clients know their options. */
function driver () {
  const mongodb = findPeer(['mongodb'], ['mongoose', 'mongodb'])
  if (mongodb === undefined) throw missingPeer('mongodb', 'doctor')
  if (mongodb.ServerApiVersion === undefined) throw new Error('doctor needs mongodb 4 or later: npm install mongodb')
  return mongodb
}

/** All findings, up to what makes the rest pointless. `use` gets them while there is a connection. */
async function examine (options, { MongoClient }, use = async () => {}) {
  const { form, findings } = await checkOptions(options)
  if (form === undefined) return findings
  const { dial, dialMember } = dialling(form, MongoClient)
  let client
  try {
    client = dial()
  } catch (error) {
    return [...findings, problem('url', `The connection string cannot be used: ${error.message}.`,
      'Correct it. Characters of user and password such as @ : / % must be percent-encoded (encodeURIComponent)')]
  }
  findings.push(...checkConfiguration(form, client.options))
  try {
    await client.connect()
  } catch (error) {
    await client.close()
    return [...findings, await explainFailure(error, client.options, { dial, dialMember })]
  }
  try {
    findings.push(ok('connection', `Connected to ${client.options.hosts.join(', ')}.`), ...await examineServer(form, client))
    await use(findings)
    return findings
  } finally {
    await client.close()
  }
}

/** What makes clients for a store's connection string. */
function dialling ({ url, mongoOptions }, MongoClient) {
  const limits = /serverSelectionTimeoutMS=/i.test(url) ? {} : { serverSelectionTimeoutMS: SELECTION_MS }
  const { replicaSet, directConnection, ...ofAnyMember } = { ...limits, ...mongoOptions }
  return {
    dial (more) {
      if (hasStrayPassword(url)) throw new Error('the password has a / that is not encoded')
      // The core ignores the options that only old drivers had. With backend: 'driver', the store says so.
      return lenientClient(MongoClient, url, { ...limits, ...mongoOptions, ...more })
    },
    dialMember: host => lenientClient(MongoClient, ofMember(url, host), { ...ofAnyMember, directConnection: true })
  }
}

/** Whether an @ comes where only the database can: then a part of the password would be shown as its name. */
function hasStrayPassword (url) {
  return /^[^/]+\/\/[^/?]*\/[^?]*@/.test(url)
}

function ofMember (url, host) {
  return url.replace(/^([^/]+\/\/(?:[^@/]*@)?)[^/?]+/, `$1${host}`)
    .replace(/(?<=[?&])(replicaSet|directConnection|loadBalanced)=[^&]*&?/gi, '')
}

/** What makes it pointless to look further. */
const FINAL = ['no-credentials', 'rights', 'secondary', 'version', 'session-mongoose']

async function examineServer (form, client) {
  const db = form.dbName ? client.db(form.dbName) : client.db()
  const server = { client, db, collection: Object.assign(db.collection(form.collection), { db }) }
  const findings = await checkServer(form, server)
  const isOver = () => findings.some(({ code, level }) => level === 'problem' && FINAL.includes(code))

  const { findings: rights, mayCreateIndex } = await checkRights(form, server)
  findings.push(...rights)
  if (isOver()) return findings
  const { findings: found, exists, isUsable } = await checkCollection(form, server)
  findings.push(...found)
  if (!isUsable) return findings
  const indexes = await checkIndexes(form, server, { exists, mayCreateIndex })
  findings.push(...indexes)
  if (isOver()) return findings
  const isIndexed = form.autoRemove !== 'interval' && indexes.some(({ code }) => code === 'index')
  if (exists) findings.push(...await checkRows(form, server, isIndexed))
  findings.push(...await checkRoundTrip(form))
  return findings
}

async function mend ({ code, fix, destroys }, { yes, fixed, failed }) {
  if (destroys && !yes) {
    failed.push({ code, reason: 'it removes sessions that have expired: add --yes' })
    return
  }
  try {
    await fix()
    fixed.push(code)
  } catch (error) {
    failed.push({ code, reason: error.message })
  }
}

const LONGEST_LEVEL = 7

function report ({ findings, fixed, failed }, output) {
  const plain = findings.map(({ code, level, message, remedy }) => ({
    code, level, message: output.discreet(message), remedy
  }))
  output.document({ ok: !findings.some(({ level }) => level === 'problem'), findings: plain, fixed, notFixed: failed })
  const longest = Math.max(...plain.map(({ code }) => code.length))
  for (const { code, level, message, remedy } of plain) {
    output.line(`${level.padEnd(LONGEST_LEVEL)}  ${code.padEnd(longest)}  ${message}`)
    if (remedy !== undefined) output.line(`${' '.repeat(LONGEST_LEVEL + longest + 4)}What to do: ${remedy}.`)
  }
  for (const code of fixed) output.line(`fixed    ${code}`)
  for (const { code, reason } of failed) output.line(`left     ${code.padEnd(longest)}  ${reason}`)
}

module.exports = {
  summary: 'looks for what is wrong between a configuration and its server',
  text: 'Looks for what is wrong between a configuration and its server, and says what to do: connection, TLS, rights, version, ' +
    'topology, clock, read and write concern, collection, indexes, rows. Stores a session, reads, touches and destroys it. ' +
    'Changes nothing else without --fix. Needs the package mongodb, 4 or later.',
  options: {
    ...WHERE,
    ...BACKEND,
    ...OPTIONS,
    fix: { type: 'boolean', text: 'do what can be done: make or mend the TTL index, make dates of what stands for one' },
    yes: { ...YES.yes, text: 'with --fix: also remove the sessions that have expired' },
    ...JSON_OUTPUT,
    ...HELP
  },
  exitCodes: '0 no problem (there may be warnings), 1 a problem was found or doctor failed, 2 wrong usage',
  run
}
