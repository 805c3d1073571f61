'use strict'

/** Closes the backend of a store that nobody can reach any more, such as one made for a single request. */
const abandoned = new FinalizationRegistry(backend => backend.abandon().catch(() => {}))

module.exports = { abandoned }
