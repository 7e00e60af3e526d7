import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rateList } from '@/admin/rateList'
import { readSheet, sheetDate } from '@/admin/rateSheet'
import { contactList } from '@/contact/contactList'
import { customerList } from '@/customer/customerList'
import { dealList } from '@/deal/dealList'
import en from '@/i18n/en.json'
import { filterKeys } from '@/records/listSpec'
import { chartTokens, optionOf, shortened, waterfall, type ChartTheme } from '@/report/chart'
import { fileName } from '@/report/exportFile'
import { recordsOf, targetsOf } from '@/report/figures'
import { leavesOf, listFilters, originOf } from '@/report/listFilters'
import { spanBefore } from '@/report/period'
import {
  measureOf,
  nameOf,
  reportAt,
  reports,
  sorted,
  valueOf,
  type ReportDeclaration,
  type ReportRow,
} from '@/report/reports'
import { planOf } from '@/report/useReportRows'
import { asked } from '@/report/useReportView'

interface Parameter {
  name: string
  schema: { enum?: string[] }
}
interface Schema {
  $ref?: string
  properties?: Record<string, Schema>
  items?: Schema
}
const contract = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
  paths: Record<string, { get: { parameters?: Parameter[]; responses: Record<string, never> } }>
  components: { schemas: Record<string, Schema> }
}
const parametersOf = (path: string): Parameter[] => contract.paths[`/api/v1${path}`]?.get.parameters ?? []
function follow(schema: Schema | undefined): Schema {
  return schema?.$ref
    ? follow(contract.components.schemas[schema.$ref.split('/').at(-1) ?? ''])
    : (schema ?? {})
}
function rowFields(path: string): string[] {
  const answer = contract.paths[`/api/v1/reports/${path}`]?.get.responses['200'] as unknown as {
    content: { 'application/json': { schema: Schema } }
  }
  const row = follow(follow(answer.content['application/json'].schema).properties?.['rows']?.items)
  return Object.entries(row.properties ?? {}).flatMap(([key, field]) => [
    key,
    ...Object.keys(follow(field).properties ?? {}).map((part) => `${key}.${part}`),
  ])
}

function report(path: string): ReportDeclaration {
  const found = reportAt(path)
  if (!found) throw new Error(`no report ${path}`)
  return found
}

describe.each(reports.map((report) => [report.path, report] as const))('the report %s', (path, declared) => {
  it('is one of the contract, with its groups and figures', () => {
    const parameters = parametersOf(`/reports/${path}`)
    expect(parameters.find(({ name }) => name === 'group_by')?.schema.enum?.toSorted() ?? []).toEqual(
      declared.groups.toSorted(),
    )
    const fields = rowFields(path)
    for (const { key } of declared.measures) expect(fields).toContain(key)
    const names = parameters.map(({ name }) => name)
    const all = ['from', 'to', 'pipeline_id', 'currency', 'as_of']
    expect(all.filter((name) => !names.includes(name)).toSorted()).toEqual(
      [...(declared.without ?? [])].toSorted(),
    )
  })

  it('draws and heads only figures that it has, one kind to a chart', () => {
    for (const key of declared.heads) measureOf(declared, key)
    for (const view of declared.charts)
      expect(new Set(view.measures.map((key) => measureOf(declared, key).kind)).size).toBe(1)
    expect(reportAt(declared.path)).toBe(declared)
  })

  it('has its words', () => {
    const name = nameOf(declared) as keyof typeof en.report.name
    expect(en.report.name[name]).toBeTruthy()
    expect(en.report.question[name as keyof typeof en.report.question]).toBeTruthy()
    for (const group of [...declared.groups, ...(declared.rows ? [declared.rows] : [])])
      expect(en.report.group).toHaveProperty(group)
    for (const measure of declared.measures)
      expect(en.report.figure).toHaveProperty((measure.name ?? measure.key).split('.'))
  })
})

describe('what a report asks for', () => {
  const choice = { from: null, to: null, owner_id: '3', currency: 'USD', as_of: null }
  it('leaves out what it does not take and fills in what it needs', () => {
    const of = (path: string) => asked(report(path), choice, 'owner', '2026-11-22')
    expect(of('sales')).toEqual({ ...choice, group_by: 'owner' })
    expect(of('hygiene')).toEqual({ owner_id: '3', currency: 'USD' })
    expect(of('pipeline/changes')).toMatchObject({ from: '2000-01-01', to: '2026-11-22' })
  })

  it('compares with the span before as the server does', () => {
    expect(spanBefore({ from: '2026-11-01', to: '2026-11-30' }, '2026-12-05')).toEqual({
      from: '2026-10-01',
      to: '2026-10-31',
    })
    expect(spanBefore({ from: '2026-01-01', to: '2026-03-31' }, '2026-12-05')).toEqual({
      from: '2025-10-01',
      to: '2025-12-31',
    })
    expect(spanBefore({ from: '2026-11-01', to: '2026-11-22' }, '2026-11-22')).toEqual({
      from: '2026-10-10',
      to: '2026-10-31',
    })
    expect(spanBefore({ from: '2026-11-20', to: null }, '2026-11-22')).toEqual({
      from: '2026-11-17',
      to: '2026-11-19',
    })
    expect(spanBefore({ from: null, to: '2026-11-22' }, '2026-11-22')).toBeNull()
  })
})

const row = (key: string | null, more: object = {}): ReportRow => ({ key, label: key ?? 'None', ...more })
const text = {
  labelOf: (_: string, one: ReportRow) => one.label,
  measureName: (one: { key: string }) => one.key,
}

describe('rows', () => {
  it('sort by name and by figure, what has none last', () => {
    const rows = [row('b', { won_count: 2 }), row(null, { won_count: 9 }), row('a', { won_count: null })]
    const order = (sort: string | null) => sorted(rows, sort, 'en').map(({ key }) => key)
    expect(order(null)).toEqual(['b', null, 'a'])
    expect(order('label')).toEqual(['a', 'b', null])
    expect(order('-label')).toEqual(['b', 'a', null])
    expect(order('-won_count')).toEqual([null, 'b', 'a'])
    expect(order('won_count')).toEqual(['b', null, 'a'])
  })

  it('are read by the parts of their figures', () => {
    expect(valueOf(row('a', { kind_counts: { call: 3 } }), 'kind_counts.call')).toBe(3)
    expect(valueOf(row('a'), 'kind_counts.call')).toBeNull()
    expect(valueOf(row('a', { amount: '1.50' }), 'amount')).toBe('1.50')
  })

  it('draw the largest, months in their order, stages that are in use', () => {
    const sales = report('sales')
    const many = Array.from({ length: 20 }, (_, at) => row(`o${at}`, { won_amount: String(at) }))
    const owners = planOf(sales, sales.charts[0], 'owner', many, text)
    expect([owners.shape, owners.rows.length, owners.labels[0]]).toEqual(['bar', 12, 'o19'])
    const months = planOf(
      sales,
      sales.charts[0],
      'month',
      [row('2026-01', { won_amount: '1' }), row(null)],
      text,
    )
    expect([months.shape, months.labels]).toEqual(['column', ['2026-01']])
    const stages = planOf(
      report('pipeline'),
      report('pipeline').charts[0],
      'stage',
      [
        row('1', { kind: 'open', pipeline_id: 1, pipeline_name: 'A', count: 0, amount: '0' }),
        row('2', { kind: 'open', pipeline_id: 1, pipeline_name: 'A', count: 2, amount: '5' }),
        row('3', { kind: 'won', pipeline_id: 1, pipeline_name: 'A', count: 2, amount: '5' }),
        row('4', { kind: 'open', pipeline_id: 2, pipeline_name: 'B', count: 0, amount: '0' }),
      ],
      text,
    )
    expect(stages.labels).toEqual(['1', '2'])
  })

  it('stand against a target where there is one', () => {
    const [board, forecast] = [report('leaderboard'), report('forecast')]
    const without = planOf(
      board,
      board.charts[0],
      'owner',
      [row('a', { won_amount: '5', target: null })],
      text,
    )
    expect(without.against).toEqual([])
    const rows = [
      row('a', { won_amount: '5', target: '10.00', attainment: 0.5 }),
      row('b', { won_amount: '0', target: '4.00', attainment: 0 }),
      row('c', { won_amount: '0', target: null, attainment: null }),
    ]
    const owners = planOf(board, board.charts[0], 'owner', rows, text)
    // Who has won nothing of a target is not left out.
    expect(owners.labels).toEqual(['a', 'b'])
    expect(owners.against.map(({ measure, values }) => [measure.key, values])).toEqual([
      ['target', [10, 4]],
      ['attainment', [0.5, 0]],
    ])
    const months = planOf(
      forecast,
      forecast.charts[0],
      'month',
      [row('2026-01', { target: '7' }), row('2026-02')],
      text,
    )
    const words = { say: String, sayShort: String, sayAxis: String } as never
    const theme = { colours: { ink: '#123456' }, font: 'sans' } as unknown as ChartTheme
    const strokes = [months, owners].map((plan) => {
      const { series } = optionOf(plan, words, theme, true, false) as { series: object[] }
      return series[plan.series.length]
    })
    expect(strokes).toMatchObject([
      { type: 'line', data: [7, null], color: '#123456', symbolSize: [44, 3] },
      { type: 'line', data: [10, 4], symbolSize: [3, 30] },
    ])
  })

  it('lead to the targets of their year', () => {
    expect(targetsOf('2026-03')).toEqual({ list: 'targets', query: { year: '2026' } })
    expect(targetsOf(null)).toEqual({ list: 'targets', query: {} })
  })

  it('step from the start to the end of a waterfall', () => {
    expect(waterfall([100, 30, -50, 80])).toEqual({ base: [0, 100, 80, 0], size: [100, 30, 50, 80] })
    expect(shortened('Construction', 6)).toBe('Const…')
  })

  it('become drawings of the library in every kind', () => {
    const theme = {
      colours: Object.fromEntries(chartTokens.map((token) => [token, '#000000'])),
      font: 'sans',
    } as ChartTheme
    const words = { say: String, sayShort: String, sayAxis: String } as never
    for (const one of reports)
      for (const view of one.charts) {
        const plan = planOf(one, view, one.groups[0] ?? 'x', [row('2026-01'), row('2026-02')], text)
        for (const isNarrow of [true, false])
          expect(optionOf(plan, words, theme, true, isNarrow)).toMatchObject({ animation: false })
      }
  })
})

describe('the lists behind figures', () => {
  // What a list offers as a technical parameter and no person filters by.
  const inner =
    /^(page|per_page|sort|cursor|count|fields|q|id|name|deleted(_by|_after|_before)?|is_backfill|external_.*)$/
  const others =
    /^(email|phone_e164|tax_id|parent_id|kind|employee_count_.*|annual_revenue_.*|updated_.*|next_follow_up_.*)$/

  it('know every filter of the contract, so that no link loses one', () => {
    const missing = (path: string, keys: string[], but = inner): string[] =>
      parametersOf(path)
        .map(({ name }) => name)
        .filter((name) => !inner.test(name) && !but.test(name) && !keys.includes(name))
    expect(missing('/deals', filterKeys(dealList))).toEqual([])
    expect(missing('/customers', filterKeys(customerList), others)).toEqual([])
    expect(missing('/contacts', filterKeys(contactList), /^updated_.*$/)).toEqual([])
    expect(missing('/exchange-rates', filterKeys(rateList), /^(where|(created|updated)_.*)$/)).toEqual([])
  })

  it('say those that no toolbar offers in words', () => {
    const all = [dealList, customerList, contactList].flatMap(({ serverFilters = [] }) => serverFilters)
    for (const key of all) expect(en.report.filter, key).toHaveProperty(key)
    for (const key of Object.keys(listFilters)) expect(en.report.filter, key).toHaveProperty(key)
  })

  it('carry the report that led there', () => {
    expect(recordsOf('deals', 'state=won&as_of=2026-10-01', 'sales')?.query).toEqual({
      view: 'table',
      state: ['won'],
      as_of: ['2026-10-01'],
      report: 'sales',
    })
    expect([originOf('summary'), originOf('pipeline_changes'), originOf('x'), originOf(null)]).toEqual([
      'summary',
      'pipeline_changes',
      null,
      null,
    ])
  })

  it('read the conditions of a tree', () => {
    expect(leavesOf('{"field":"closed","op":"is_null"}')).toEqual([
      { field: 'closed', op: 'is_null', value: '' },
    ])
    expect(leavesOf('{"and":[{"field":"amount","op":"gt","value":"0"}]}')).toHaveLength(1)
    expect(leavesOf('{"or":[]}')).toBeNull()
    expect(leavesOf('soon')).toBeNull()
  })
})

describe('files', () => {
  it('are named as the server names them', () => {
    expect(fileName('attachment; filename="sales-2026-11-22.csv"')).toBe('sales-2026-11-22.csv')
    expect(fileName('attachment; filename="../x"')).toBeNull()
    expect(fileName(null)).toBeNull()
  })
})

describe('a sheet of rates', () => {
  const known = new Set(['USD', 'EUR', 'JPY', 'CNY'])
  const read = (sheet: string) => readSheet(sheet, known, 'CNY')

  it('is read by tabs, commas and spaces, with or without a heading', () => {
    const usd = { currency: 'USD', valid_on: '2026-11-01', rate: '7.1' }
    expect(read('Currency\tDate\tRate\nUSD\t2026-11-01\t7.1')).toEqual([
      { line: 2, text: 'USD\t2026-11-01\t7.1', rate: usd, fault: null },
    ])
    for (const line of [
      'usd, 2026/11/1, 7.1',
      'USD 2026-11-01  7.1',
      'ＵＳＤ；2026年11月1日；7.1',
      'USD 1.11.2026 7.1',
    ])
      expect(read(line)[0]?.rate).toEqual(usd)
    expect(read('\n\nUSD,2026-11-01,7.1\n')).toHaveLength(1)
  })

  it('says per line what is wrong', () => {
    const sheet = [
      'USD,2026-11-01,7.1',
      'USD,2026-11-01',
      'XXX,2026-11-01,7.1',
      'CNY,2026-11-01,1',
      'EUR,2026-02-30,7',
      'EUR,2026-02-03,-7',
      'EUR,2026-02-03,0',
      'USD,2026-11-01,7.2',
    ]
    expect(read(sheet.join('\n')).map(({ line, fault }) => [line, fault])).toEqual([
      [1, null],
      [2, 'columns'],
      [3, 'currency'],
      [4, 'base'],
      [5, 'date'],
      [6, 'rate'],
      [7, 'rate'],
      [8, 'repeated'],
    ])
    expect([sheetDate('2026-1-2'), sheetDate('31.12.2026'), sheetDate('2026-13-01'), sheetDate('x')]).toEqual(
      ['2026-01-02', '2026-12-31', null, null],
    )
  })
})
