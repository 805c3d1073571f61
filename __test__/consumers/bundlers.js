'use strict'

// An app and all that it uses in one file, as each bundler is told to do it in docs/compatibility.md. Each
// function bundles the file `entry` into the folder `to` and returns the file to run.

const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')

async function esbuild (entry, to) {
  const outfile = path.join(to, 'app.js')
  const options = { bundle: true, platform: 'node', loader: { '.node': 'copy' }, logLevel: 'error' }
  await require('esbuild').build({ entryPoints: [entry], outfile, ...options })
  return outfile
}

async function webpack (entry, to) {
  const rules = [{ test: /\.node$/, loader: require.resolve('node-loader') }]
  const configuration = {
    entry,
    context: path.dirname(entry),
    target: 'node',
    mode: 'none', // nothing is minified, which takes long and changes no name that this package uses
    module: { rules },
    output: { path: to, filename: 'app.js' }
  }
  const stats = await new Promise((resolve, reject) => {
    require('webpack')(configuration, (error, stats) => error ? reject(error) : resolve(stats))
  })
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'))
  return path.join(to, 'app.js')
}

async function ncc (entry, to) {
  const { code, assets } = await require('@vercel/ncc')(entry, { cache: false, quiet: true })
  for (const [name, { source }] of Object.entries(assets)) fs.writeFileSync(path.join(to, name), source)
  fs.writeFileSync(path.join(to, 'index.js'), code)
  return path.join(to, 'index.js')
}

/** As a CommonJS file, and with `format: 'es'` as an ES module. */
async function rollup (entry, to, { format = 'cjs' } = {}) {
  const file = path.join(to, format === 'es' ? 'app.mjs' : 'app.cjs')
  const bundle = await require('rollup').rollup({
    input: entry,
    plugins: [
      addonPlugin(),
      require('@rollup/plugin-node-resolve').nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }),
      require('@rollup/plugin-commonjs')({ ignoreTryCatch: name => !isInstalled(name, entry) }),
      require('@rollup/plugin-json')()
    ],
    onwarn () {}
  })
  await bundle.write({ file, format })
  return file
}

async function vite (entry, to) {
  const { build } = await import('vite')
  await build({
    root: path.dirname(entry),
    configFile: false,
    logLevel: 'silent',
    plugins: [addonPlugin()],
    ssr: { noExternal: true },
    build: { ssr: entry, outDir: to, ssrEmitAssets: true, rolldownOptions: { output: { entryFileNames: 'app.mjs' } } }
  })
  return path.join(to, 'app.mjs')
}

/** Puts the addon beside the bundle, where the package looks first. */
function addonPlugin () {
  return {
    name: 'connect-mongo-native',
    load (file) {
      if (!file.endsWith('.node')) return null
      this.emitFile({ type: 'asset', fileName: path.basename(file), source: fs.readFileSync(file) })
      return 'export default {}'
    }
  }
}

/** What is missing must stay a `require` in its `try`; everything else belongs into the bundle. */
function isInstalled (name, entry) {
  try {
    createRequire(entry).resolve(name)
    return true
  } catch {
    return false
  }
}

module.exports = {
  esbuild, webpack, ncc, rollup, 'rollup, as an ES module': (...args) => rollup(...args, { format: 'es' }), 'vite build --ssr': vite
}
