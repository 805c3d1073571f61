'use strict'

// npm run test:consumers            the packed package under package managers, runtimes, bundlers and test
//                                   tools; the table goes into docs/compatibility.md
// npm run test:consumers -- <text>  only rows whose group or name has this text in it; no table is kept

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { build } = require('./build')
const { installTools } = require('./consumer-tools')
const { ensureDependencies } = require('./dependencies')
const { root, main } = require('./run')
const { withServer } = require('./shared-server')

const DOCS = path.join(root, 'docs', 'compatibility.md')
const MARKS = ['<!-- table -->\n', '<!-- end of the table -->\n']
const WORKS = 'works'

main(async () => {
  await ensureDependencies()
  const addon = await build('testing')
  const tools = await installTools()
  const { fails, notes } = require('../__test__/consumers/known')
  const wanted = process.argv.slice(2)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-native-consumers-'))
  try {
    const rows = await withServer(({ MONGODB_URL: mongodbUrl }) => {
      return tryAll({ addon, folder, tools, mongodbUrl, wanted })
    })
    const table = draw(rows, { ...notes, ...fails })
    console.log(`\n${table}`)
    if (wanted.length === 0) keep(table)
    const surprises = rows.filter(({ name, url, client }) => (url === WORKS && client === WORKS) === name in fails)
    if (surprises.length > 0) throw new Error(`Not as expected: ${surprises.map(({ name }) => name).join(', ')}`)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

async function tryAll ({ addon, folder, tools, mongodbUrl, wanted }) {
  const { Matrix } = require('../__test__/consumers/matrix')
  const { startRegistry } = require('../__test__/consumers/registry')
  const packed = path.join(folder, 'packed')
  fs.mkdirSync(packed)
  const registry = await startRegistry({ addon, folder: packed })
  try {
    const matrix = new Matrix({ folder, registry: registry.url, tools, mongodbUrl })
    const rows = []
    for (const [group, row] of Object.entries(matrix.rows())) {
      for (const [name, attempt] of Object.entries(row)) {
        const isWanted = wanted.length === 0 || wanted.some(text => `${group} ${name}`.includes(text))
        // What npm has installed, runtimes and bundlers use.
        if (!isWanted && name !== 'npm') continue
        const start = Date.now()
        const result = await attempt().catch(error => failure(error))
        console.log(`${group}: ${name}: ${result.url} / ${result.client} (${Date.now() - start} ms)`)
        rows.push({ group, name, ...result })
      }
    }
    return rows
  } finally {
    registry.stop()
  }
}

function failure (error) {
  if (error.output) console.error(error.output)
  return { url: error.message, client: error.message }
}

function draw (rows, remarks) {
  const cells = rows.map(({ group, name, url, client }, index) => [
    rows[index - 1]?.group === group ? '' : group, name, brief(url), brief(client), remarks[name] ?? ''
  ])
  const head = ['', 'with', 'by URL', 'on a client', '']
  return [head, head.map(() => '---'), ...cells].map(row => `| ${row.join(' | ')} |`).join('\n') + '\n'
}

function brief (result) {
  return result === WORKS ? WORKS : 'fails'
}

function keep (table) {
  const [before, rest] = fs.readFileSync(DOCS, 'utf8').split(MARKS[0])
  const after = rest.split(MARKS[1])[1]
  fs.writeFileSync(DOCS, [before, MARKS[0], table, MARKS[1], after].join(''))
}
