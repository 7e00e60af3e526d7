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
    path: files([...entry, 'virtual:words/zh-CN/first']),
    limit: '145 kB',
    gzip: true,
  },
  { name: 'style', path: 'dist/assets/*.css', limit: '20 kB', gzip: true },
  { name: 'sign-in', path: route('src/auth/LoginPage.vue'), limit: '10 kB', gzip: true },
  { name: 'customer list', path: route('src/customer/CustomerListPage.vue'), limit: '45 kB', gzip: true },
  { name: 'customer page', path: route('src/customer/CustomerPage.vue'), limit: '60 kB', gzip: true },
  { name: 'home', path: route('src/home/HomePage.vue'), limit: '60 kB', gzip: true },
  { name: 'summary report', path: route('src/report/SummaryPage.vue'), limit: '60 kB', gzip: true },
  {
    name: 'dashboards, with the library of charts',
    path: [...new Set([...route('src/dashboard/DashboardPage.vue'), ...route('src/report/echarts.ts')])],
    limit: '220 kB',
    gzip: true,
  },
  { name: 'hygiene', path: route('src/deal/HygienePage.vue'), limit: '60 kB', gzip: true },
  { name: 'import', path: route('src/importing/ImportPage.vue'), limit: '60 kB', gzip: true },
  { name: 'leads', path: route('src/customer/LeadListPage.vue'), limit: '45 kB', gzip: true },
  { name: 'people', path: route('src/customer/PersonListPage.vue'), limit: '45 kB', gzip: true },
  { name: 'targets', path: route('src/target/TargetsPage.vue'), limit: '60 kB', gzip: true },
  {
    name: 'reports, with the library of charts',
    path: [...new Set([...route('src/report/ReportPage.vue'), ...route('src/report/echarts.ts')])],
    limit: '220 kB',
    gzip: true,
  },
  { name: 'users', path: route('src/admin/UsersPage.vue'), limit: '60 kB', gzip: true },
  { name: 'teams', path: route('src/admin/TeamsPage.vue'), limit: '60 kB', gzip: true },
  { name: 'pipelines', path: route('src/admin/PipelinesPage.vue'), limit: '60 kB', gzip: true },
  { name: 'products', path: route('src/admin/ProductsPage.vue'), limit: '60 kB', gzip: true },
  { name: 'options', path: route('src/admin/OptionsPage.vue'), limit: '60 kB', gzip: true },
  { name: 'currencies', path: route('src/admin/CurrenciesPage.vue'), limit: '60 kB', gzip: true },
  { name: 'tags', path: route('src/admin/TagsPage.vue'), limit: '60 kB', gzip: true },
]
