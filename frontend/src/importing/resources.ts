import type { Import } from '@/api/types'

/** What files can be imported into. */
export type ImportResource = Import['resource']

interface Target {
  name: ImportResource
  label: string
  permission: string
  /** The list in which one finds what was imported; the newest first. */
  list: { name: string; query: Record<string, string> }
  /** An import of these cannot be undone. */
  isLasting?: true
}

/** The resources in the order in which they refer to each other. */
export const targets: readonly Target[] = [
  {
    name: 'customers',
    label: 'nav.customers',
    permission: 'customer:write',
    list: { name: 'customers', query: { sort: '-created_at' } },
  },
  {
    name: 'people',
    label: 'nav.people',
    permission: 'customer:write',
    list: { name: 'customers', query: {} },
  },
  {
    name: 'contacts',
    label: 'nav.contacts',
    permission: 'contact:write',
    list: { name: 'contacts', query: { sort: '-created_at' } },
  },
  {
    name: 'deals',
    label: 'nav.deals',
    permission: 'deal:write',
    list: { name: 'deals', query: { view: 'table', sort: '-created_at' } },
  },
  {
    name: 'products',
    label: 'admin.products',
    permission: 'product:write',
    list: { name: 'admin-products', query: {} },
  },
  {
    name: 'users',
    label: 'admin.users',
    permission: 'user:write',
    list: { name: 'admin-users', query: {} },
    isLasting: true,
  },
]

/** The target of a name, the first one for any other text. */
export const targetOf = (name: unknown): Target | undefined => targets.find((one) => one.name === name)

/** Fields by the words that forms and lists have for them. */
export const fieldLabels: Record<ImportResource, Record<string, string>> = {
  customers: {
    id: 'import.field.id',
    kind: 'customer.kind',
    name: 'customer.name',
    short_name: 'customer.shortName',
    email: 'customer.email',
    phone: 'customer.phone',
    company: 'customer.company',
    title: 'customer.title',
    website: 'customer.website',
    industry: 'customer.industry',
    source: 'customer.source',
    source_detail: 'customer.sourceDetail',
    level: 'customer.level',
    status: 'customer.status',
    credit_rating: 'customer.creditRating',
    tags: 'customer.tags',
    'address.country': 'import.field.country',
    'address.province': 'customer.province',
    'address.city': 'customer.city',
    'address.district': 'import.field.district',
    'address.street': 'customer.street',
    'address.postal_code': 'import.field.postalCode',
    tax_id: 'customer.taxId',
    employee_count: 'customer.employeeCount',
    annual_revenue: 'customer.annualRevenue',
    parent: 'import.field.parent',
    description: 'customer.description',
    owner: 'customer.owner',
    next_follow_up_at: 'customer.nextFollowUp',
    external_id: 'import.field.externalId',
  },
  people: {
    id: 'import.field.id',
    customer: 'contact.field.customer_id',
    name: 'person.field.name',
    first_name: 'import.field.firstName',
    last_name: 'import.field.lastName',
    salutation: 'import.field.salutation',
    title: 'person.field.title',
    department: 'person.field.department',
    email: 'person.field.email',
    phone: 'person.field.phone',
    wechat: 'person.field.wechat',
    qq: 'import.field.qq',
    birthday: 'import.field.birthday',
    'address.country': 'import.field.country',
    'address.province': 'customer.province',
    'address.city': 'customer.city',
    'address.district': 'import.field.district',
    'address.street': 'customer.street',
    'address.postal_code': 'import.field.postalCode',
    photo: 'import.field.photo',
    decision_role: 'import.field.decisionRole',
    is_primary: 'person.field.is_primary',
    has_left: 'person.field.has_left',
    do_not_call: 'person.field.do_not_call',
    do_not_email: 'person.field.do_not_email',
    description: 'customer.description',
    external_id: 'import.field.externalId',
  },
  contacts: {
    id: 'import.field.id',
    customer: 'contact.field.customer_id',
    person: 'contact.field.person_id',
    deal: 'contact.field.deal_id',
    user: 'contact.field.user_id',
    kind: 'contact.field.kind',
    direction: 'contact.field.direction',
    subject: 'import.field.subject',
    content: 'contact.content',
    outcome: 'contact.field.outcome',
    occurred_at: 'contact.field.occurred_at',
    duration_seconds: 'import.field.durationSeconds',
    next_step: 'contact.field.next_step',
    next_follow_up_at: 'contact.field.next_follow_up_at',
    external_id: 'import.field.externalId',
  },
  deals: {
    id: 'import.field.id',
    name: 'deal.field.name',
    kind: 'deal.field.kind',
    customer: 'deal.field.customer_id',
    pipeline: 'deal.field.pipeline_id',
    stage: 'deal.field.stage_id',
    opened_on: 'deal.field.opened_on',
    expected_close_on: 'deal.field.expected_close_on',
    closed_on: 'deal.field.closed_on',
    amount: 'deal.field.amount',
    currency: 'deal.field.currency',
    win_probability: 'deal.field.win_probability',
    forecast_category: 'deal.field.forecast_category',
    lost_reason: 'deal.field.lost_reason',
    lost_note: 'deal.field.lost_note',
    competitors: 'deal.field.competitors',
    next_step: 'deal.field.next_step',
    next_step_on: 'deal.field.next_step_on',
    source: 'deal.field.source',
    description: 'deal.field.description',
    owner: 'deal.field.owner_id',
    external_id: 'import.field.externalId',
    product: 'deal.line.product',
    quantity: 'deal.line.quantity',
    unit_price: 'deal.line.price',
  },
  products: {
    id: 'import.field.id',
    code: 'admin.product.code',
    name: 'admin.product.name',
    category: 'admin.product.category',
    series: 'admin.product.series',
    unit: 'admin.product.unit',
    specification: 'admin.product.specification',
    description: 'admin.product.description',
    price: 'admin.product.price',
    currency: 'admin.product.currency',
    tax_percent: 'admin.product.tax_percent',
    cost: 'admin.product.cost',
    external_id: 'import.field.externalId',
  },
  users: {
    id: 'import.field.id',
    name: 'admin.user.name',
    first_name: 'import.field.firstName',
    last_name: 'import.field.lastName',
    email: 'customer.email',
    phone: 'customer.phone',
    title: 'customer.title',
    role: 'admin.user.role',
    team: 'admin.user.team',
    team_parent: 'admin.team.parent',
    manager: 'import.field.teamManager',
    region: 'import.field.teamRegion',
    language: 'import.field.language',
    time_zone: 'import.field.timeZone',
    external_id: 'import.field.externalId',
  },
}

/** The key of a field's words; undefined for a field that is newer than these pages. */
export const fieldLabel = (resource: ImportResource, field: string): string | undefined =>
  fieldLabels[resource][field]
