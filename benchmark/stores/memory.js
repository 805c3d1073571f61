'use strict'

const { MemoryStore } = require('express-session')

exports.open = async () => ({ store: new MemoryStore(), close: async () => {} })
