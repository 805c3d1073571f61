'use strict'

const { indexesIfKnown } = require('../migrate/indexes')
const { judge } = require('./checks/indexes')
const EXIT = require('./exit-codes')
const { count, size, table } = require('./format')
const { HELP, JSON_OUTPUT, WHERE } = require('./options')
const { Figures } = require('./figures')
const { scanRows } = require('./raw-rows')
const { readTarget, requireCollection, withDatabase } = require('./target')

async function run (context) {
  const { output } = context
  const target = readTarget(context)
  return withDatabase(target, 'inspect', async db => {
    await requireCollection(db, target.collection)
    const collection = Object.assign(db.collection(target.collection), { db })
    const counted = await figures(collection, output)
    const report = {
      collection: collection.namespace,
      storage: await storage(collection),
      ...counted,
      indexes: await indexes(collection, counted.rows === 0)
    }
    output.document(report)
    print(report, output)
    return report.indexes.troubles.length === 0 ? EXIT.done : EXIT.trouble
  })
}

async function figures (collection, output) {
  const figures = new Figures(Date.now())
  const bar = output.progress()
  const total = await collection.estimatedDocumentCount()
  let done = 0
  try {
    for await (const row of scanRows(collection)) {
      figures.add(row)
      if (++done % 1000 === 0) bar.draw({ done, total })
    }
  } finally {
    bar.end()
  }
  return figures.report()
}

/** Bytes on the disk; null where the user may not ask. */
async function storage (collection) {
  try {
    // One document of each shard.
    const stats = await collection.aggregate([{ $collStats: { storageStats: {} } }]).toArray()
    const sum = name => stats.reduce((total, { storageStats }) => total + Number(storageStats[name]), 0)
    return { bytes: sum('storageSize'), indexBytes: sum('totalIndexSize') }
  } catch {
    return null
  }
}

async function indexes (collection, isEmpty) {
  const listed = await indexesIfKnown(collection)
  if (listed === null) return { list: null, troubles: [] }
  const troubles = judge(listed, { collection, isEmpty }).filter(({ level }) => level !== 'ok')
  return {
    list: listed.map(({ name, key, unique = false, expireAfterSeconds }) => {
      return { name, key, unique, expireAfterSeconds }
    }),
    troubles: troubles.map(({ code, message, remedy }) => ({ code, message, remedy }))
  }
}

function print (report, output) {
  const { collection, storage, rows, sizes, indexes } = report
  const onDisk = storage ? ` On the disk ${size(storage.bytes)}, and ${size(storage.indexBytes)} of indexes.` : ''
  output.line(`${collection}: ${count(rows)} rows.`)
  const { total, mean, largest } = sizes
  output.line(`Sizes: ${size(total)} in all, ${size(mean)} on average, ${size(largest)} the largest.${onDisk}`)
  histogram('Size', sizes.histogram, output)
  histogram('Expires', report.expirations, output)
  histogram('Layout', report.layouts, output)
  histogram('Encrypted, family', report.encrypted, output)
  histogram('Type of id', report.ids, output)
  output.line(indexes.list ? '\nIndexes:' : '\nIndexes: this user may not list them (listIndexes).')
  for (const { name, key, unique, expireAfterSeconds } of indexes.list ?? []) {
    const ends = expireAfterSeconds === undefined ? '' : `, removes after ${expireAfterSeconds} s`
    output.line(`  ${name} on ${JSON.stringify(key)}${unique ? ', unique' : ''}${ends}`)
  }
  for (const { message, remedy } of indexes.troubles) output.line(`  ${message}\n  What to do: ${remedy}.`)
}

/** Columns of the longest bar. */
const WIDTH = 40

function histogram (title, counts, output) {
  const entries = Object.entries(counts)
  if (entries.length === 0) return
  const most = Math.max(1, ...Object.values(counts))
  const bar = number => '#'.repeat(Math.ceil(number / most * WIDTH))
  const rows = entries.map(([name, number]) => [`  ${name}`, count(number), bar(number)])
  output.line('')
  for (const line of table([[`${title}:`, 'rows', ''], ...rows])) output.line(line)
}

module.exports = {
  summary: 'counts what is in the collection: sizes, expirations, layouts, indexes',
  text: 'Counts what is in the collection: sizes, when sessions expire, which packages have written them, which families they ' +
    'are encrypted by, and indexes with what is wrong with them. Reads every row once, but of most no more than the ' +
    'beginning. Needs the package mongodb, 4 or later.',
  options: { ...WHERE, ...JSON_OUTPUT, ...HELP },
  exitCodes: '0 done, 1 failed or something is wrong with the indexes, 2 wrong usage',
  run
}
