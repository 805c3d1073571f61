'use strict'

/** Whether a test may take minutes: `npm run test:long` asks for it. */
const isLong = process.env.CONNECT_MONGO_TEST_LONG === '1'

module.exports = { isLong }
