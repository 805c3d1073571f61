'use strict'

/** The process warnings given while `action` ran. A store says each thing once per process. */
async function warningsOf (action) {
  const warnings = []
  const listener = warning => warnings.push(warning)
  process.on('warning', listener)
  try {
    await action()
    await new Promise(resolve => setImmediate(resolve)) // they are emitted on the next tick
  } finally {
    process.off('warning', listener)
  }
  return warnings
}

module.exports = { warningsOf }
