import type { Page } from '@playwright/test'
import { desk, type Actor } from '../support/actor'
import type { Language, Person } from '../support/cast'
import { load, reasonToSkip, truths, type Truth } from '../support/maventech'
import { Product } from '../support/product'
import { expect, test as base } from '../support/test'

/** A year of a hardware seller, 913 deals, in a product of its own: every figure is read from the screen. */
const test = base.extend<object, { product: Product }>({
  product: [
    async ({}, use) => {
      const product = await Product.start()
      await load(product.url)
      await use(product)
      await product.end()
    },
    { scope: 'worker', timeout: 240_000 },
  ],
})
// The year is loaded once for all journeys of this file.
test.describe.configure({ mode: 'default', timeout: 120_000 })
const reason = reasonToSkip()
test.skip(reason !== null, reason ?? '')

const groups = {
  by_sales_agent: 'owner',
  by_manager: 'team',
  by_regional_office: 'top_team',
  by_product: 'product',
  by_series: 'product_series',
  by_sector: 'industry',
  by_office_location: 'country',
  by_account: 'customer',
  by_close_quarter: 'quarter',
  by_close_month: 'month',
} as const
type Group = keyof typeof groups

/** What stands in each column, and how far a figure may be rounded off on the screen: a hundredth of a per cent or day. */
const columns: Record<Language, Record<string, [truth: (one: Truth) => number | null, offBy: number]>> = {
  en: named([
    'Won amount',
    'Won deals',
    'Lost deals',
    'Win rate',
    'Mean won deal',
    'Mean won cycle',
    'Median won cycle',
    'Mean closed cycle',
    'Open deals',
    'Open amount',
    'All deals',
    'Won of all',
  ]),
  'zh-CN': named([
    '赢单金额',
    '赢单数',
    '输单数',
    '赢单率',
    '平均赢单金额',
    '平均赢单周期',
    '赢单周期中位数',
    '平均关闭周期',
    '进行中的商机',
    '进行中金额',
    '全部商机',
    '赢单占全部',
  ]),
}
function named(words: readonly string[]): Record<string, [(one: Truth) => number | null, number]> {
  const [cents, hundredthOfPerCent, hundredthOfDay] = [0.0051, 0.000051, 0.0051]
  const figures: [(one: Truth) => number | null, number][] = [
    [(one) => one.won_value, 0],
    [(one) => one.won, 0],
    [(one) => one.lost, 0],
    [(one) => one.win_rate_closed, hundredthOfPerCent],
    [(one) => one.avg_won_value, cents],
    [(one) => one.avg_cycle_won_days, hundredthOfDay],
    [(one) => one.median_cycle_won_days, hundredthOfDay],
    [(one) => one.avg_cycle_closed_days, hundredthOfDay],
    [(one) => one.engaging + one.prospecting, 0],
    [(one) => one.open_list_value, 0],
    [(one) => one.opportunities, 0],
    [(one) => one.won_share_of_all, hundredthOfPerCent],
  ]
  return Object.fromEntries(words.map((word, at) => [word, figures[at] ?? [() => null, 0]]))
}

/** A figure as a person reads it: `$1,153,360`, `64.54%`, `52.86 d`, `52.86 天`; a dash is none. */
function read(text: string): number | null {
  const said = text.trim()
  if (said === '–') return null
  const match = /^[$]?(-?[\d,]+(?:\.\d+)?)(%| d| 天)?$/.exec(said)
  if (!match) throw new Error(`no figure: ${said}`)
  return Number(match[1]?.replaceAll(',', '')) / (match[2] === '%' ? 100 : 1)
}

/** The cells of the report's table: the heads, then each row with its name in front. */
async function table(page: Page): Promise<{ heads: string[]; rows: Map<string, string[]> }> {
  const lines = await page
    .getByRole('table')
    .evaluate((one) =>
      [...one.querySelectorAll('tr')].map((line) =>
        [...line.children].map((cell) => (cell.textContent ?? '').trim()),
      ),
    )
  const [heads = [], ...rows] = lines
  expect(new Set(rows.map(([name]) => name)).size, 'every row has a name of its own').toBe(rows.length)
  return { heads, rows: new Map(rows.map(([name = '', ...cells]) => [name, cells])) }
}

/** Opens the sales report of all time by a group and waits for its table. */
async function openSales(actor: Actor, group: string, head: string): Promise<void> {
  await actor.page.goto(`/reports/sales?period=all&group_by=${group}`)
  await expect(actor.page.getByRole('columnheader').first()).toHaveText(head)
  await expect(actor.page.getByRole('rowheader').last()).toBeVisible()
}

/** Compares a row of the screen with the truth. */
function compare(
  heads: readonly string[],
  cells: readonly string[],
  truth: Truth,
  language: Language,
  whose: string,
  without: readonly string[] = [],
): void {
  for (const [column, [figure, offBy]] of Object.entries(columns[language])) {
    if (without.includes(column)) continue
    const [shown, wanted] = [read(cells[heads.indexOf(column) - 1] ?? 'nothing'), figure(truth)]
    const where = `${whose}, ${column}: ${shown} is ${wanted}`
    expect(shown === null, where).toBe(wanted === null)
    if (shown !== null && wanted !== null) expect(Math.abs(shown - wanted), where).toBeLessThanOrEqual(offBy)
  }
}

/** A quarter or month as the screen writes it. */
function spanName(key: string, language: Language): string {
  const [year = '', part = ''] = key.split('-')
  if (part.startsWith('Q')) return language === 'en' ? `${part} ${year}` : `${year}年第${part.slice(1)}季度`
  return new Intl.DateTimeFormat(language, { year: 'numeric', month: 'short', timeZone: 'UTC' }).format(
    new Date(`${key}-01T00:00:00Z`),
  )
}

interface Option {
  value: string
  label_zh: string
  label_en: string
}

/** How the screen names the groups of the data set. */
async function namer(leader: Person, language: Language): Promise<(group: Group, name: string) => string> {
  const { data } = await leader.api.get<{ data: Option[] }>('/options?list=industry&per_page=200')
  const sectors = new Map(data.map((one) => [one.value, language === 'en' ? one.label_en : one.label_zh]))
  return (group, name) => {
    if (group === 'by_sector') return sectors.get(name) ?? name
    return group === 'by_close_month' || group === 'by_close_quarter' ? spanName(name, language) : name
  }
}

/** Reads all rows of a group from the screen; rows beyond those are of the deals that have none. */
async function check(
  actor: Actor,
  group: Group,
  head: string,
  language: Language,
  nameOf: (group: Group, name: string) => string,
): Promise<void> {
  const expected = truths()
  await openSales(actor, groups[group], head)
  const { heads, rows } = await table(actor.page)
  for (const [name, truth] of Object.entries(expected[group] ?? {})) {
    const said = nameOf(group, name)
    compare(heads, rows.get(said) ?? [], truth, language, `${group} ${said}`)
    rows.delete(said)
  }
  const [none, total] = language === 'en' ? ['None', 'Total'] : ['无', '合计']
  compare(heads, rows.get(total) ?? [], expected.overall, language, `${group} ${total}`)
  expect([none, total]).toEqual(expect.arrayContaining([...rows.keys()]))
}

test('Every figure of a year of 913 deals stands on the screen as its author computed it', async ({
  cast,
  open,
}) => {
  const leader = await cast.join('Ines', 'admin')
  const actor = await open(leader, desk)
  const nameOf = await namer(leader, 'en')
  const heads: Record<Group, string> = {
    by_sales_agent: 'Owner',
    by_manager: 'Team',
    by_regional_office: 'Top team',
    by_product: 'Product',
    by_series: 'Product series',
    by_sector: 'Industry',
    by_office_location: 'Country',
    by_account: 'Customer',
    by_close_quarter: 'Quarter',
    by_close_month: 'Month',
  }
  for (const group of Object.keys(groups) as Group[])
    await test.step(group, () => check(actor, group, heads[group], 'en', nameOf))

  await test.step('every quarter of every region', async () => {
    const wanted = Object.entries(truths()['by_close_quarter_and_region'] ?? {})
    const days = ['01-01/03-31', '04-01/06-30', '07-01/09-30', '10-01/12-31']
    for (const [at, span] of days.entries()) {
      const [from, to] = span.split('/')
      await actor.page.goto(`/reports/sales?group_by=region&period=custom&from=2017-${from}&to=2017-${to}`)
      await expect(actor.page.getByRole('columnheader').first()).toHaveText('Region')
      await expect(actor.page.getByRole('rowheader').last()).toBeVisible()
      const { heads: names, rows } = await table(actor.page)
      for (const [name, truth] of wanted.filter(([name]) => name.startsWith(`2017-Q${at + 1}`)))
        // Deals that are still open stand in every period, and in no quarter of the data set's author.
        compare(names, rows.get(name.slice(8)) ?? [], truth, 'en', name, [
          'Open deals',
          'Open amount',
          'All deals',
          'Won of all',
        ])
    }
  })

  const { overall } = truths()
  await test.step('the stages', async () => {
    await openSales(actor, 'stage', 'Stage')
    const { heads: names, rows } = await table(actor.page)
    const all = names.indexOf('All deals') - 1
    const counts = ['Prospecting', 'Engaging', 'Won', 'Lost'].map((name) => read(rows.get(name)?.[all] ?? ''))
    expect(counts).toEqual([overall.prospecting, overall.engaging, overall.won, overall.lost])
  })
  await test.step('the summary', async () => {
    await actor.page.goto('/reports/summary?period=all')
    await expect(actor.page.getByRole('row', { name: /^Won deals/ }).getByRole('link')).toHaveText('446')
    const { rows } = await table(actor.page)
    for (const [name, [figure, offBy]] of Object.entries(columns.en)) {
      if (!rows.has(name)) continue
      const [shown, wanted] = [read(rows.get(name)?.[0] ?? ''), figure(overall)]
      expect(Math.abs((shown ?? NaN) - (wanted ?? NaN)), `summary, ${name}`).toBeLessThanOrEqual(offBy)
    }
    expect([...rows.keys()]).toEqual(expect.arrayContaining(Object.keys(columns.en).slice(0, 10)))
  })
})

test('The same figures stand there in Chinese', async ({ cast, open }) => {
  const leader = await cast.join('周琳', 'admin', 'zh-CN')
  const actor = await open(leader, desk)
  const nameOf = await namer(leader, 'zh-CN')
  await check(actor, 'by_sales_agent', '负责人', 'zh-CN', nameOf)
  await check(actor, 'by_sector', '行业', 'zh-CN', nameOf)
  await check(actor, 'by_close_quarter', '季度', 'zh-CN', nameOf)
  await check(actor, 'by_close_month', '月份', 'zh-CN', nameOf)
})
