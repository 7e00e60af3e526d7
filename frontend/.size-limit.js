// Budgets count what a browser really loads: a file together with everything that it imports.
import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))

function load(key, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) load(next, seen)
  return seen
}

const files = (keys) =>
  [...keys].map((key) => `dist/${manifest[key].file}`).filter((file) => file.endsWith('.js'))
const entry = load('src/layout/AppShell.vue', load('index.html'))
const route = (page) => files([...load(page)].filter((key) => !entry.has(key)))

export default [
  {
    name: 'entry: shell, router, words, query client, session',
    path: files([...entry, 'src/i18n/zh-CN.json']),
    limit: '140 kB',
    gzip: true,
  },
  { name: 'style', path: 'dist/assets/*.css', limit: '20 kB', gzip: true },
  { name: 'sign-in', path: route('src/auth/LoginPage.vue'), limit: '10 kB', gzip: true },
  { name: 'customer list', path: route('src/customer/CustomerListPage.vue'), limit: '45 kB', gzip: true },
  { name: 'customer page', path: route('src/customer/CustomerPage.vue'), limit: '60 kB', gzip: true },
]
