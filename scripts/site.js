'use strict'

// npm run site  README, docs/ and the types as a site, in target/site/dist. A link that leads nowhere is an
//               error

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { root, main } = require('./run')
const { sidebarOf, stagePages } = require('./site/pages')

const FOLDER = path.join(root, 'target', 'site')
const SOURCE = path.join(FOLDER, 'src')

main(async () => {
  const start = Date.now()
  fs.rmSync(FOLDER, { recursive: true, force: true })
  fs.cpSync(path.join(root, 'site'), SOURCE, { recursive: true })
  const pages = stagePages(SOURCE)
  fs.writeFileSync(path.join(SOURCE, '.vitepress', 'sidebar.json'), JSON.stringify(sidebarOf(pages)))
  await makeReference(path.join(SOURCE, 'api'))
  await buildSite()
  checkPictures(path.join(FOLDER, 'dist'))
  const checked = await checkLinks(path.join(FOLDER, 'dist'))
  const seconds = ((Date.now() - start) / 1000).toFixed(1)
  console.log(`target/site/dist: ${pages.length} pages and the reference, ${checked} links, ${seconds} s`)
})

/** The types that users see, in Markdown. */
async function makeReference (out) {
  const { Application } = await import('typedoc')
  const app = await Application.bootstrapWithPlugins({
    entryPoints: ['index.d.ts', 'session-mongoose.d.ts', 'migrate.d.ts', 'types/*.d.ts'].map(name => path.join(root, name)),
    exclude: ['**/types/dispose.d.ts'],
    tsconfig: path.join(root, 'tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    out, // the default is docs/, which would be emptied
    cleanOutputDir: false,
    readme: 'none',
    name: 'API',
    entryFileName: 'index',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    disableSources: true,
    excludeExternals: true,
    useCodeBlocks: true,
    logLevel: 'Error',
    githubPages: false
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('The reference could not be made of the types.')
  await app.generateOutputs(project)
}

/** In a process whose output is kept back, since VitePress draws its progress. */
async function buildSite () {
  const cli = path.join(root, 'node_modules', 'vitepress', 'bin', 'vitepress.js')
  const child = spawn(process.execPath, [cli, 'build', SOURCE], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output += text })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(output)
}

/** Mermaid's texts are drawn, not shown. */
function checkPictures (dist) {
  const pages = fs.readdirSync(dist).filter(name => name.endsWith('.html'))
  const undrawn = pages.filter(name => fs.readFileSync(path.join(dist, name), 'utf8').includes('language-mermaid'))
  if (undrawn.length > 0) throw new Error(`Pictures that are not drawn: ${undrawn.join(', ')}`)
}

/** Follows each link of the site to its page and its heading. What leads out of it is not asked for. */
async function checkLinks (dist) {
  const base = path.join(FOLDER, 'served')
  fs.mkdirSync(base)
  fs.symlinkSync(dist, path.join(base, 'connect-mongo-native'), 'dir')
  const { LinkChecker } = await import('linkinator')
  const { links } = await new LinkChecker().check({
    path: 'connect-mongo-native/',
    serverRoot: base,
    recurse: true,
    cleanUrls: true,
    checkFragments: true,
    linksToSkip: ['^https?://(?!localhost)', '^mailto:']
  })
  const broken = links.filter(({ state }) => state === 'BROKEN')
  if (broken.length > 0) throw new Error(`Dead links:\n${broken.map(({ url, parent }) => `${url} in ${parent}`).join('\n')}`)
  return links.filter(({ state }) => state === 'OK').length
}
