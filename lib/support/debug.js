'use strict'

const NAMESPACE = 'connect-mongo'

/**
 * Whether DEBUG asks for a namespace, by the rules of the `debug` package: names separated by commas or
 * spaces, `*` as a wildcard, a leading `-` to exclude.
 */
function wanted (patterns, namespace) {
  let on = false
  for (const pattern of patterns.split(/[\s,]+/).filter(Boolean)) {
    const excluded = pattern.startsWith('-')
    const source = pattern.slice(excluded ? 1 : 0).replace(/[^\w*]/g, '\\$&').replaceAll('*', '.*')
    if (!new RegExp(`^${source}$`).test(namespace)) continue
    if (excluded) return false
    on = true
  }
  return on
}

/** Read once: a line that nobody wants costs one test of a constant. */
const enabled = wanted(process.env.DEBUG ?? '', NAMESPACE)

/** `MongoStore#get=0a1b2c…`, the lines that connect-mongo 4+ prints, with the id cut short. */
function line (method, detail) {
  const subject = detail === undefined ? '()' : `=${detail}`
  process.stderr.write(`${new Date().toISOString()} ${NAMESPACE} MongoStore#${method}${subject}\n`)
}

module.exports = { enabled, line, wanted }
