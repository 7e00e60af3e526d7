import type { Component } from 'vue'
import {
  Building2,
  ChartColumn,
  FileText,
  Handshake,
  HeartPulse,
  House,
  ListChecks,
  MessagesSquare,
  SlidersHorizontal,
  Sprout,
  Target,
  Trash2,
  UsersRound,
} from '@lucide/vue'
import type { RouteRecordRaw } from 'vue-router'
import { useSession } from '@/session/session'

/** A place of the sidebar, the tab bar, the palette and `G` + key. Only pages that exist stand here. */
export interface Place {
  /** Name of the route. */
  name: string
  label: string
  icon: Component
  /** Second key after `G`. */
  key: string
  /** Shown to people with this permission, or one of several, only. */
  permission?: string | readonly string[]
  /** Stands in the tab bar of a phone. */
  onPhone?: boolean
  /** Stands in the menu of the account instead of the sidebar. */
  isAside?: boolean
}

/** The pages of administration, in their order; each is for people with its permission. */
export const adminPages = [
  {
    name: 'admin-users',
    component: (): Promise<unknown> => import('@/admin/UsersPage.vue'),
    path: 'users',
    title: 'admin.users',
    permission: 'user:write',
    isForAdmins: true,
  },
  {
    name: 'admin-teams',
    component: (): Promise<unknown> => import('@/admin/TeamsPage.vue'),
    path: 'teams',
    title: 'admin.teams',
    permission: 'team:write',
    isForAdmins: true,
  },
  {
    name: 'admin-roles',
    component: (): Promise<unknown> => import('@/admin/RolesPage.vue'),
    path: 'roles',
    title: 'admin.roles',
    permission: 'role:write',
    isForAdmins: true,
  },
  {
    name: 'admin-pipelines',
    component: (): Promise<unknown> => import('@/admin/PipelinesPage.vue'),
    path: 'pipelines',
    title: 'admin.pipelines',
    permission: 'pipeline:write',
    isForAdmins: true,
  },
  {
    name: 'admin-products',
    component: (): Promise<unknown> => import('@/admin/ProductsPage.vue'),
    path: 'products',
    title: 'admin.products',
    permission: 'product:write',
    isForAdmins: true,
  },
  {
    name: 'admin-options',
    component: (): Promise<unknown> => import('@/admin/OptionsPage.vue'),
    path: 'options',
    title: 'admin.options',
    permission: 'option:write',
    isForAdmins: true,
  },
  {
    name: 'admin-fields',
    component: (): Promise<unknown> => import('@/admin/FieldsPage.vue'),
    path: 'fields',
    title: 'admin.fields',
    permission: 'custom_field:write',
    isForAdmins: true,
  },
  {
    name: 'admin-duplicates',
    component: (): Promise<unknown> => import('@/admin/DuplicateCheckPage.vue'),
    path: 'duplicates',
    title: 'duplicate.title',
    permission: 'setting:write',
    isForAdmins: true,
  },
  {
    name: 'admin-company',
    component: (): Promise<unknown> => import('@/admin/CompanyPage.vue'),
    path: 'company',
    title: 'admin.company.title',
    permission: 'setting:write',
    isForAdmins: true,
  },
  {
    name: 'admin-currencies',
    component: (): Promise<unknown> => import('@/admin/CurrenciesPage.vue'),
    path: 'currencies',
    title: 'admin.currencies',
    permission: 'setting:write',
    isForAdmins: true,
  },
  {
    name: 'admin-security',
    component: (): Promise<unknown> => import('@/security/SecurityPage.vue'),
    path: 'security',
    title: 'security.title',
    permission: 'user:write',
    isForAdmins: true,
  },
  {
    name: 'admin-retention',
    component: (): Promise<unknown> => import('@/privacy/RetentionPage.vue'),
    path: 'retention',
    title: 'privacy.retention',
    permission: 'setting:write',
    isForAdmins: true,
  },
  {
    name: 'admin-access-log',
    component: (): Promise<unknown> => import('@/privacy/AccessLogPage.vue'),
    path: 'access-log',
    title: 'privacy.log',
    permission: 'privacy:read',
    isForAdmins: true,
  },
  {
    name: 'admin-operations',
    component: (): Promise<unknown> => import('@/operation/OperationsPage.vue'),
    path: 'operations',
    title: 'operation.title',
    permission: 'setting:write',
    isForAdmins: true,
  },
  {
    name: 'admin-webhooks',
    component: (): Promise<unknown> => import('@/webhook/WebhooksPage.vue'),
    path: 'webhooks/:id(\\d+)?',
    title: 'webhook.title',
    permission: 'setting:write',
    isForAdmins: true,
  },
  // Whoever sells reads the journal of what he or she sees; that alone makes no administrator.
  {
    name: 'admin-journal',
    component: (): Promise<unknown> => import('@/security/JournalPage.vue'),
    path: 'journal',
    title: 'security.journal',
    permission: 'journal:read',
    isForAdmins: false,
  },
  // Everybody who sells keeps the tags; they alone make no administrator.
  {
    name: 'admin-tags',
    component: (): Promise<unknown> => import('@/admin/TagsPage.vue'),
    path: 'tags',
    title: 'admin.tags',
    permission: 'tag:write',
    isForAdmins: false,
  },
  // Whoever may export has exports; that alone makes no administrator.
  {
    name: 'admin-exports',
    component: (): Promise<unknown> => import('@/exporting/ExportsPage.vue'),
    path: 'exports',
    title: 'export.title',
    permission: 'export',
    isForAdmins: false,
  },
] as const

/** Whoever may write one of these may import it. */
export const importPermissions = [
  'customer:write',
  'contact:write',
  'deal:write',
  'task:write',
  'product:write',
] as const

/** The places, in their order. Labels are keys of the word files. */
export const places: readonly Place[] = [
  { name: 'home', label: 'nav.home', icon: House, key: 'h', onPhone: true },
  { name: 'customers', label: 'nav.customers', icon: Building2, key: 'c', onPhone: true },
  { name: 'leads', label: 'nav.leads', icon: Sprout, key: 'l' },
  { name: 'people', label: 'nav.people', icon: UsersRound, key: 'p', permission: 'customer:read' },
  { name: 'contacts', label: 'nav.contacts', icon: MessagesSquare, key: 'a', permission: 'contact:read' },
  {
    name: 'deals',
    label: 'nav.deals',
    icon: Handshake,
    key: 'd',
    permission: 'deal:read',
    onPhone: true,
  },
  { name: 'tasks', label: 'nav.tasks', icon: ListChecks, key: 't', permission: 'task:read', onPhone: true },
  { name: 'deal-hygiene', label: 'nav.hygiene', icon: HeartPulse, key: 'y', permission: 'deal:read' },
  { name: 'quotes', label: 'nav.quotes', icon: FileText, key: 'q', permission: 'deal:read' },
  { name: 'reports', label: 'nav.reports', icon: ChartColumn, key: 'r', permission: 'report:read' },
  { name: 'targets', label: 'nav.targets', icon: Target, key: 'o', permission: 'report:read' },
  {
    name: 'admin',
    label: 'nav.admin',
    icon: SlidersHorizontal,
    key: 'm',
    permission: adminPages.filter(({ isForAdmins }) => isForAdmins).map(({ permission }) => permission),
  },
  { name: 'bin', label: 'nav.bin', icon: Trash2, key: 'b', permission: 'customer:read', isAside: true },
]

/** Pages inside the shell; each is a chunk of its own. `title` is a key of the word files. */
export const pages: readonly RouteRecordRaw[] = [
  {
    path: '/',
    name: 'home',
    component: () => import('@/home/HomePage.vue'),
    meta: { title: 'nav.home', place: 'home' },
  },
  {
    path: '/customers',
    name: 'customers',
    component: () => import('@/customer/CustomerListPage.vue'),
    meta: { title: 'nav.customers', place: 'customers' },
  },
  {
    path: '/customers/leads',
    name: 'leads',
    component: () => import('@/customer/LeadListPage.vue'),
    meta: { title: 'nav.leads', place: 'leads' },
  },
  {
    path: '/customers/duplicates',
    name: 'duplicates',
    component: () => import('@/customer/DuplicatesPage.vue'),
    props: { resource: 'customers' },
    meta: { title: 'pairs.title.customers', place: 'customers', permission: 'customer:read' },
  },
  {
    path: '/customers/:id(\\d+)',
    name: 'customer',
    component: () => import('@/customer/CustomerPage.vue'),
    meta: { title: 'nav.customers', place: 'customers' },
  },
  {
    path: '/customers/merge',
    name: 'customer-merge',
    component: () => import('@/merge/MergePage.vue'),
    props: { resource: 'customers' },
    meta: { title: 'merge.title.customers', place: 'customers', permission: 'customer:write' },
  },
  {
    path: '/people',
    name: 'people',
    component: () => import('@/customer/PersonListPage.vue'),
    meta: { title: 'nav.people', place: 'people', permission: 'customer:read' },
  },
  {
    path: '/people/duplicates',
    name: 'person-duplicates',
    component: () => import('@/customer/DuplicatesPage.vue'),
    props: { resource: 'people' },
    meta: { title: 'pairs.title.people', place: 'people', permission: 'customer:read' },
  },
  {
    path: '/people/merge',
    name: 'person-merge',
    component: () => import('@/merge/MergePage.vue'),
    props: { resource: 'people' },
    meta: { title: 'merge.title.people', place: 'people', permission: 'customer:write' },
  },
  {
    path: '/contacts',
    name: 'contacts',
    component: () => import('@/contact/ContactListPage.vue'),
    meta: { title: 'nav.contacts', place: 'contacts', permission: 'contact:read' },
  },
  {
    path: '/search',
    name: 'search',
    component: () => import('@/search/SearchPage.vue'),
    meta: { title: 'shell.search' },
  },
  {
    path: '/deals',
    name: 'deals',
    component: () => import('@/deal/DealsPage.vue'),
    meta: { title: 'nav.deals', place: 'deals', permission: 'deal:read' },
  },
  {
    path: '/deals/hygiene',
    name: 'deal-hygiene',
    component: () => import('@/deal/HygienePage.vue'),
    meta: { title: 'nav.hygiene', place: 'deal-hygiene', permission: 'deal:read' },
  },
  {
    path: '/deals/:id(\\d+)',
    name: 'deal',
    component: () => import('@/deal/DealPage.vue'),
    meta: { title: 'nav.deals', place: 'deals', permission: 'deal:read' },
  },
  {
    path: '/tasks',
    name: 'tasks',
    component: () => import('@/task/TasksPage.vue'),
    meta: { title: 'nav.tasks', place: 'tasks', permission: 'task:read' },
  },
  {
    path: '/quotes',
    name: 'quotes',
    component: () => import('@/quote/QuotesPage.vue'),
    meta: { title: 'nav.quotes', place: 'quotes', permission: 'deal:read' },
  },
  {
    path: '/quotes/:id(\\d+)',
    name: 'quote',
    component: () => import('@/quote/QuotePage.vue'),
    meta: { title: 'nav.quotes', place: 'quotes', permission: 'deal:read' },
  },
  { path: '/reports', name: 'reports', redirect: (to) => ({ name: 'report-summary', query: to.query }) },
  {
    path: '/dashboards/:key?',
    name: 'dashboards',
    component: () => import('@/dashboard/DashboardPage.vue'),
    meta: { title: 'dashboard.title', place: 'reports', permission: 'report:read' },
  },
  {
    path: '/reports/summary',
    name: 'report-summary',
    component: () => import('@/report/SummaryPage.vue'),
    meta: { title: 'nav.reports', place: 'reports', permission: 'report:read' },
  },
  {
    path: '/reports/:path+',
    name: 'report',
    component: () => import('@/report/ReportPage.vue'),
    meta: { title: 'nav.reports', place: 'reports', permission: 'report:read' },
  },
  {
    path: '/targets',
    name: 'targets',
    component: () => import('@/target/TargetsPage.vue'),
    meta: { title: 'nav.targets', place: 'targets', permission: 'report:read' },
  },
  {
    path: '/bin/:of?',
    name: 'bin',
    component: () => import('@/bin/BinPage.vue'),
    meta: { title: 'nav.bin', place: 'bin', permission: 'customer:read' },
  },
  {
    path: '/admin',
    name: 'admin',
    redirect: () => ({
      name: adminPages.find(({ permission }) => useSession().can(permission))?.name ?? 'admin-users',
    }),
  },
  ...adminPages.map<RouteRecordRaw>(({ name, path, title, permission, component }) => ({
    path: `/admin/${path}`,
    name,
    component: component as () => Promise<Component>,
    meta: { title, permission, place: 'admin' },
  })),
  {
    path: '/import/:id(\\d+)?',
    name: 'import',
    component: () => import('@/importing/ImportPage.vue'),
    meta: { title: 'import.title', permission: importPermissions },
  },
  {
    path: '/settings',
    name: 'settings',
    component: () => import('@/auth/SettingsPage.vue'),
    meta: { title: 'nav.settings' },
  },
]
