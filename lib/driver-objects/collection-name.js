'use strict'

const { isMade } = require('./mongoose-model')
const { plural } = require('./plural')

/** Where Mongoose keeps a model's documents. `connection`: of a Mongoose that may have rules of its own. */
function collectionOf (modelName, connection) {
  const registered = connection?.models?.[modelName]
  if (registered && !isMade(registered)) return registered.collection.name
  const rules = typeof connection?.base?.pluralize === 'function' ? connection.base.pluralize() : plural
  if (typeof rules !== 'function') return modelName // the app's mongoose.pluralize(null)
  return modelName === 'system.profile' || modelName === 'system.indexes' ? modelName : rules(modelName)
}

module.exports = { collectionOf }
