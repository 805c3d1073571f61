'use strict'

// What doctor finds, and whether its remedies help.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { jsonOf } = require('./command-line')

/** Runs doctor; resolves to `{ code, finding, findings, fixed, notFixed }`, with `finding(code)`. */
async function doctor (args, env) {
  const { code, result, stderr } = await jsonOf(['doctor', ...args], { env })
  assert.ok(result, stderr)
  return { ...result, code, finding: name => result.findings.find(({ code }) => code === name) }
}

/**
 * Sees that doctor finds one thing, of one level, with a remedy, and that the exit code says so. Resolves to
 * all that it has found.
 */
async function finds (code, { level = 'problem', remedy, args = [], env }) {
  const result = await doctor(args, env)
  const finding = result.finding(code)
  assert.ok(finding, `${code} is not among ${JSON.stringify(result.findings, null, 2)}`)
  assert.equal(finding.level, level)
  assert.match(finding.remedy, remedy)
  const hasProblem = result.findings.some(({ level }) => level === 'problem')
  assert.equal(result.code, hasProblem ? 1 : 0)
  if (level === 'problem') assert.ok(hasProblem)
  return result
}

/** Carries out the first call of the shell in a remedy, on a Db of the driver. */
async function carryOut (remedy, db) {
  const code = firstCall(remedy)
  const shell = {
    getCollection: name => db.collection(name),
    runCommand: command => db.command(command),
    adminCommand: command => db.admin().command(command),
    getSiblingDB: name => ({
      grantRolesToUser: (user, roles) => db.client.db(name).command({ grantRolesToUser: user, roles })
    })
  }
  await new Function('db', `return ${code}`)(shell)
}

/** From `db.` to the parenthesis that ends the last call. */
function firstCall (text) {
  const start = text.indexOf('db.')
  let depth = 0
  for (let at = start; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0 && text[at + 1] !== '.') return text.slice(start, at + 1)
  }
  throw new Error(`There is no call in: ${text}`)
}

/** A file with the options of a store, for a test. */
function optionsFile (test, options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-options-'))
  test.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'options.json')
  fs.writeFileSync(file, JSON.stringify(options))
  return file
}

/** The environment of a process whose clock is ahead, for a test. */
function clockAhead (test, milliseconds) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-clock-'))
  test.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'clock.js')
  fs.writeFileSync(file, `
    const Clock = Date
    globalThis.Date = class Date extends Clock {
      constructor (...given) {
        super(...(given.length === 0 ? [Date.now()] : given))
      }
      static now () {
        return Clock.now() + ${milliseconds}
      }
    }`)
  return { NODE_OPTIONS: `--require ${file}` }
}

module.exports = { carryOut, clockAhead, doctor, finds, optionsFile }
