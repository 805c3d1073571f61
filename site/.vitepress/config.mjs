import { readFileSync } from 'node:fs'
import { withMermaid } from 'vitepress-plugin-mermaid'

// scripts/site.js writes it, from the pages that there are.
const sidebar = JSON.parse(readFileSync(new URL('./sidebar.json', import.meta.url), 'utf8'))

const repository = 'https://github.com/OWNER/connect-mongo-native'

/** As GitHub makes the anchors of headings: pages link to them in both places. */
function slugify (heading) {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
}

export default withMermaid({
  title: 'connect-mongo-native',
  description: 'Express sessions in MongoDB, with all the work off your event loop',
  // Where GitHub Pages puts the site of a repository.
  base: '/connect-mongo-native/',
  outDir: '../dist',
  cacheDir: '../cache',
  cleanUrls: true,
  lastUpdated: false,
  markdown: { anchor: { slugify } },
  vite: { logLevel: 'warn', build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Overview', link: '/overview' },
      { text: 'API', link: '/api/' },
      { text: 'Changelog', link: '/changelog' }
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }]
  }
})
