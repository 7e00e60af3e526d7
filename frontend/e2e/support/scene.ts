import { companyName } from './companies'
import { unique, type Cast, type Language, type Person } from './cast'

/** A small company at work, enough that every page has something to show. */
export interface Scene {
  admin: Person
  customerId: number
  dealId: number
  quoteId: number
}

const notes = {
  'zh-CN': ['电话沟通了交期，客户希望月底前到货。', '拜访工厂，看了两条产线。', '微信确认了报价范围。'],
  en: [
    'Talked about delivery; they hope for the end of the month.',
    'Visited the plant, saw two lines.',
    'Agreed on the range of the quote.',
  ],
} as const
const people = { 'zh-CN': ['王磊', '刘洋', '陈静'], en: ['Anna Berg', 'Tom Weaver', 'Mei Lin'] } as const
const deals = {
  'zh-CN': ['产线升级', '年度维保', '仓储系统', '检测设备', '扩容二期', '样机试用'],
  en: [
    'Line upgrade',
    'Yearly service',
    'Warehouse system',
    'Test equipment',
    'Second extension',
    'Trial unit',
  ],
} as const

const day = 86_400_000
const dateIn = (days: number): string => new Date(Date.now() + days * day).toISOString().slice(0, 10)

/** Fills a product for one language. */
export async function setScene(cast: Cast, language: Language): Promise<Scene> {
  const [leader, first, second] = people[language]
  const admin = await cast.join(leader, 'admin', language)
  const sellers = [await cast.join(first, 'sales', language), await cast.join(second, 'sales', language)]
  const pipelines = await admin.api.get<{ data: { stages: { id: number; kind: string }[] }[] }>('/pipelines')
  const open = (pipelines.data[0]?.stages ?? []).filter(({ kind }) => kind === 'open')
  const own = Array.from({ length: 24 }, (_, at) => at * 2 + (language === 'en' ? 1 : 0))
  const ids: number[] = []
  for (const at of own) {
    const owner = sellers[at % 4 > 1 ? 1 : 0] ?? admin
    const made = await owner.api.post('/customers', {
      name: companyName(at),
      company: companyName(at),
      status: ['lead', 'prospect', 'active', 'lost'][(at >> 1) % 4],
      level: ['A', 'B', 'C'][(at >> 1) % 3],
      phone: `0571 88${String(100000 + at * 37).slice(-6)}`,
      email: `office@${unique()}.example`,
      tags: at % 3 === 0 ? ['VIP'] : [],
      industry: ['manufacturing', 'software', 'retail'][at % 3],
    })
    ids.push(made.id)
  }
  const customerId = ids[0] ?? 0
  for (const [at, content] of notes[language].entries())
    await admin.api.post('/contacts', {
      customer_id: customerId,
      kind: ['call', 'visit', 'wechat'][at],
      content,
      occurred_at: new Date(Date.now() - at * 1.5 * day).toISOString(),
    })
  await admin.api.post('/people', { customer_id: customerId, name: first, title: 'CEO', is_primary: true })
  for (const [at, subject] of notes[language].entries())
    await admin.api.post('/tasks', {
      subject: subject.slice(0, 20),
      kind: ['call', 'visit', 'todo'][at],
      priority: ['high', 'normal', 'low'][at],
      customer_id: customerId,
      ...(at < 2 ? { due_on: dateIn(at * 2 - 1) } : {}),
    })
  const product = await cast.root.post('/products', {
    code: unique().toUpperCase(),
    name: `${deals[language][5]} X`,
    price: '12800.00',
  })
  const made: number[] = []
  for (const [at, name] of deals[language].entries()) {
    const deal = await admin.api.post('/deals', {
      name,
      customer_id: ids[at] ?? customerId,
      stage_id: open[at % open.length]?.id,
      expected_close_on: dateIn(at * 9 - 6),
      ...(at % 2 ? { next_step: notes[language][0].slice(0, 12), next_step_on: dateIn(at - 2) } : {}),
      ...(at === 0
        ? { lines: [{ product_id: product.id, quantity: '2', unit_price: '12800.00' }] }
        : { amount: String(18_000 * (at + 1)) }),
    })
    made.push(deal.id)
  }
  await admin.api.post(`/deals/${made[4]}/win`)
  await admin.api.post(`/deals/${made[5]}/lose`, { reason: 'price' })
  await cast.root.patch('/settings/company', {
    entities: [
      { name_zh: '联曦科技（上海）有限公司', name_en: 'Lianxi Technology Ltd', tax_id: '91310000MA1K0' },
    ],
  })
  const quote = await admin.api.post('/quotes', { deal_id: made[0], discount_percent: '3' })
  await admin.api.post(`/quotes/${quote.id}/send`)
  await admin.api.call('DELETE', `/customers/${ids[20]}`)
  await admin.api.call('DELETE', `/deals/${made[3]}`)
  const logged = await admin.api.get<{ data: { id: number }[] }>(
    `/contacts?customer_id=${customerId}&sort=occurred_at`,
  )
  await admin.api.call('DELETE', `/contacts/${logged.data[0]?.id}`)
  const revised = await admin.api.post(`/quotes/${quote.id}/revise`)
  return { admin, customerId, dealId: made[0] ?? 0, quoteId: revised.id }
}
