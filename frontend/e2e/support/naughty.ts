import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { unique, type Cast, type Person } from './cast'
import type { Row } from './api'
import type { Scene } from './scene'

const file = fileURLToPath(new URL('../../../../shared/fixtures/blns/blns.json', import.meta.url))
const isThere = existsSync(file)
if (!isThere && process.env['CI']) throw new Error(`${file} is missing`)

/** Why the strings cannot be tried here; empty where they can. */
export const lacking = isThere ? '' : `${file} is not shipped with the product`

/** The big list of naughty strings. */
export const naughtyStrings = (): string[] => JSON.parse(readFileSync(file, 'utf8')) as string[]

/** A text without the blanks around it, as the product counts them: a byte order mark is none. */
export const trimmed = (text: string): string =>
  text.replace(/^(?:(?!\ufeff)[\s\u0085])+|(?:(?!\ufeff)[\s\u0085])+$/g, '')

/** Gives out one string after the other that a line of some length may hold, those that look like code first. */
class Texts {
  private readonly left: string[]

  constructor(all: string[]) {
    const kept = all
      .map(trimmed)
      .filter((text) => text && !/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(text))
    const isCode = (text: string): boolean => /[<>{}`$;|&\\]/.test(text)
    this.left = [...kept.filter(isCode), ...kept.filter((text) => !isCode(text))]
  }

  next(limit: number): string {
    const at = this.left.findIndex((text) => text.length <= limit)
    const found = this.left[at]
    if (found === undefined) throw new Error(`no string is left with at most ${String(limit)} characters`)
    this.left.splice(at, 1)
    return found
  }
}

/** What a walk through all pages needs to know. */
export interface NaughtyScene extends Pick<Scene, 'customerId' | 'dealId' | 'quoteId'> {
  admin: Person
  dashboardId: number
  /** Which texts a page shows, by its name. */
  shows: Record<string, string[]>
  /** What to look for to find the customer. */
  customer: string
}

/** Fills a product whose every text is a string that breaks other programs. */
export async function setNaughtyScene(cast: Cast, all: string[]): Promise<NaughtyScene> {
  const texts = new Texts(all)
  const line = (limit = 200): string => texts.next(limit)
  const admin = await cast.join(`Root ${unique()}`, 'admin')
  const { api } = admin
  const me = line()
  await api.patch('/auth/me', { name: me, title: line(100) })

  const option = async (list: string): Promise<{ value: string; label: string }> => {
    const made = { list, value: line(60), label_zh: line(100), label_en: line(100) }
    await api.post('/options', made)
    return { value: made.value, label: made.label_en }
  }
  const industry = await option('industry')
  const source = await option('source')
  const outcome = await option('outcome')
  const category = await option('product_category')
  const competitor = await option('competitor')
  const reason = await option('lost_reason')
  const key = `naughty_${unique()}`
  const field = { label_en: line(100), label_zh: line(100), help: line(300) }
  for (const resource of ['customers', 'people', 'contacts', 'deals', 'products'])
    await api.post('/custom-fields', { resource, kind: 'text', key, ...field })
  const custom = (): Record<string, string> => ({ [key]: line(500) })
  const tag = line(100)
  await api.post('/tags', { name: tag })
  const team = await api.post('/teams', { name: line(), region: line(80) })
  const role = { name_zh: line(80), name_en: line(80) }
  await api.post('/roles', { key, ...role, permissions: ['customer:read'], sight: 'own' })
  const seller = await api.post('/users', {
    name: line(),
    title: line(100),
    email: `${unique()}@example.com`,
    role: 'sales',
    team_id: team.id,
  })
  const stages = [line(100), line(100), line(100)]
  const pipeline = await api.post<Row & { stages: { id: number }[] }>('/pipelines', {
    name: line(100),
    stages: stages.map((name, at) => ({
      name,
      kind: ['open', 'won', 'lost'][at],
      win_probability: [0.5, 1, 0][at],
    })),
  })
  const product = await api.post('/products', {
    code: line(60),
    name: line(),
    series: line(100),
    unit: line(20),
    specification: line(300),
    description: line(),
    category: category.value,
    price: '10',
    custom: custom(),
  })
  const company = {
    name_zh: line(),
    name_en: line(),
    address: line(300),
    tax_id: line(40),
    bank_account: line(),
    phone: line(50),
  }
  await cast.root.patch('/settings/company', { entities: [company] })

  const address = {
    country: line(80),
    province: line(80),
    city: line(80),
    district: line(80),
    street: line(300),
    postal_code: line(20),
  }
  const sold = {
    name: line(),
    short_name: line(100),
    company: line(),
    phone: line(50),
    source_detail: line(),
    tax_id: line(40),
    description: line(),
  }
  const customValue = custom()
  const customer = await api.post('/customers', {
    kind: 'company',
    ...sold,
    // Of a person alone the page shows it.
    title: line(100),
    website: 'https://example.com',
    address,
    industry: industry.value,
    source: source.value,
    tags: [tag],
    custom: customValue,
    collaborators: [{ user_id: seller.id, access: 'read' }],
  })
  const human = {
    name: line(),
    salutation: line(40),
    title: line(100),
    department: line(100),
    wechat: line(60),
    qq: line(20),
    description: line(),
  }
  const person = await api.post('/people', { ...human, customer_id: customer.id, address, custom: custom() })
  const said = { subject: line(), content: line(), next_step: line(300) }
  await api.post('/contacts', {
    ...said,
    customer_id: customer.id,
    person_id: person.id,
    kind: 'call',
    outcome: outcome.value,
    custom: custom(),
  })
  const deal = await api.post('/deals', {
    name: line(),
    customer_id: customer.id,
    pipeline_id: pipeline.id,
    next_step: line(300),
    next_step_on: '2099-01-01',
    description: line(),
    source: source.value,
    competitors: [competitor.value],
    people: [{ person_id: person.id, role: line(60) }],
    lines: [{ product_id: product.id, quantity: '1', unit_price: '10' }],
    custom: custom(),
  })
  const lost = await api.post('/deals', { name: line(), customer_id: customer.id, pipeline_id: pipeline.id })
  await api.post(`/deals/${String(lost.id)}/lose`, { reason: reason.value, note: line() })
  const task = await api.post('/tasks', {
    subject: line(),
    description: line(),
    customer_id: customer.id,
    assignee_id: admin.id,
    due_on: '2099-01-01',
  })
  const offered = { name: line(), code: line(60), specification: line(300), unit: line(20) }
  const quote = await api.post('/quotes', {
    deal_id: deal.id,
    terms: line(),
    lines: [{ ...offered, quantity: '1', unit_price: '10' }],
  })
  const view = await api.post('/views', {
    name: line(100),
    resource: 'customers',
    q: line(),
    visibility: 'public',
  })
  await api.post(`/views/${String(view.id)}/prefer`, { is_pinned: true })
  const dashboard = await api.post('/dashboards', {
    name: line(100),
    visibility: 'public',
    tiles: [{ report: 'customers', query: { group_by: 'industry' }, x: 0, y: 0, w: 6, h: 6 }],
  })
  const token = await api.post('/auth/tokens', { name: line(100), scopes: ['customer:read'] })
  const gone = await api.post('/customers', { name: line() })
  await api.call('DELETE', `/customers/${String(gone.id)}`)

  const name = String(customer['name'])
  return {
    admin,
    customer: name,
    customerId: customer.id,
    dealId: deal.id,
    quoteId: quote.id,
    dashboardId: dashboard.id,
    shows: {
      customers: [name, view.name, me],
      customer: [
        ...Object.values(sold),
        industry.label,
        source.label,
        tag,
        field.label_en,
        customValue[key] ?? '',
        human.name,
        deal.name,
        said.content,
        String(task['subject']),
      ],
      people: [human.name],
      activities: [said.subject],
      deals: [deal.name, lost.name, name],
      deal: [deal.name, String(deal['next_step']), String(deal['description']), name],
      'deal-lines': [product.name],
      tasks: [String(task['subject'])],
      quotes: [name],
      quote: [String(quote['terms']), offered.name],
      'shared-dashboard': [dashboard.name],
      'admin-users': [seller.name, String(seller['title'])],
      'admin-teams': [team.name],
      'admin-roles': [role.name_en],
      'admin-pipelines': [pipeline.name],
      'admin-products': [product.name, String(product['code'])],
      'admin-fields': [field.label_en],
      'admin-company': [company.name_zh],
      'admin-tags': [tag],
      bin: [gone.name],
      settings: [token.name],
    },
  }
}
