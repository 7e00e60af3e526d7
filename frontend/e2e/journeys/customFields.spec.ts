import type { Page } from '@playwright/test'
import { expectAccessible } from '../support/axe'
import { unique } from '../support/cast'
import { row } from '../support/grid'
import { card, column, makePipeline } from '../support/pipeline'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

test.describe.configure({ timeout: 180_000 })

const facts = (page: Page) => page.getByRole('region', { name: 'Details' })

test('An admin adds a field: colleagues fill it in, filter by it, and see it renamed, retired and back', async ({
  cast,
  open,
}) => {
  const [boss, alice] = [await cast.join('Rita', 'admin'), await cast.join('Alice')]
  const customer = await alice.api.post('/customers', { name: 'Basalt Works Ltd' })
  await alice.api.post('/customers', { name: 'Marble Works Ltd' })
  const [office, seller] = [await open(boss), await open(alice)]
  const { page } = office
  const word = unique()
  const [quadrant, sector] = [`Quadrant ${word}`, `Sector ${word}`]

  await seller.visit(`/customers/${customer.id}`)
  await office.visit('/admin/fields')
  await page.getByRole('button', { name: 'New field', exact: true }).first().click()
  const dialog = page.getByRole('dialog', { name: 'New field: Customers' })
  await dialog.getByLabel('English label').fill(quadrant)
  await dialog.getByLabel('Chinese label').fill(`象限 ${word}`)
  await dialog.getByLabel('Kind').selectOption({ label: 'Choice' })
  await dialog.getByLabel('Choices').fill('North-east\nSouth-west\nSouthwest')
  await dialog.getByLabel('Hint').fill('As the map has it')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('list', { name: 'Customers' })).toContainText(quadrant)

  // The colleague's page has it without a reload; she fills it in where it stands.
  const fact = facts(seller.page).getByRole('button', { name: new RegExp(`^${quadrant}`) })
  await fact.click()
  const choice = facts(seller.page).getByRole('combobox', { name: quadrant })
  await expect(choice.getByRole('option', { name: 'Southwest' })).toBeAttached()
  await choice.selectOption({ label: 'Southwest' })
  await expect(facts(seller.page).getByRole('button', { name: `${quadrant} Southwest` })).toBeVisible()
  const listed = await boss.api.get<{ data: { key: string }[] }>('/custom-fields?per_page=1&sort=-id')
  const key = listed.data[0]?.key ?? ''
  expect((await alice.api.get(`/customers/${customer.id}`)).custom).toEqual({ [key]: 'southwest' })

  // Two words for one thing become one; the record follows, and comes back with the undo.
  await office.visit(`/admin/options?list=customers.${key}`)
  await page.getByRole('button', { name: 'Merge “Southwest” into another option' }).click()
  const merging = page.getByRole('dialog', { name: 'Merge “Southwest” into another option' })
  await merging.getByLabel('Into').selectOption({ label: 'South-west' })
  await merging.getByRole('button', { name: 'Merge' }).click()
  await expect(page.getByText('Merged into “South-west”', { exact: true })).toBeVisible()
  await expect(facts(seller.page).getByRole('button', { name: `${quadrant} South-west` })).toBeVisible()
  await page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Undo' }).last().click()
  await expect(facts(seller.page).getByRole('button', { name: `${quadrant} Southwest` })).toBeVisible()

  // She finds the customer by it.
  await seller.visit(`/customers?custom.${key}=southwest`)
  await expect(row(seller.page, 'Basalt Works Ltd')).toBeVisible()
  await expect(row(seller.page, 'Marble Works Ltd')).toHaveCount(0)
  await seller.visit(`/customers/${customer.id}`)

  // Renamed, retired and brought back: her open page follows.
  await office.visit('/admin/fields')
  await page.getByRole('button', { name: new RegExp(`^${quadrant}`) }).click()
  const editing = page.getByRole('dialog', { name: quadrant })
  await editing.getByLabel('English label').fill(sector)
  await editing.getByRole('button', { name: 'Save' }).click()
  await expect(facts(seller.page).getByRole('button', { name: `${sector} Southwest` })).toBeVisible()
  await page.getByRole('button', { name: `Retire “${sector}”` }).click()
  await expect(facts(seller.page).getByText(sector)).toHaveCount(0)
  await page.getByRole('button', { name: `Bring “${sector}” back` }).click()
  await expect(facts(seller.page).getByRole('button', { name: `${sector} Southwest` })).toBeVisible()
  await page.getByRole('button', { name: `Retire “${sector}”` }).click()
  await expect(facts(seller.page).getByText(sector)).toHaveCount(0)
})

test('Fields of every kind look right', async ({ cast, open }) => {
  const boss = await cast.join('Rita', 'admin')
  const alice = await cast.join('Alice')
  const word = unique()
  const kinds: [kind: string, en: string, zh: string, value: unknown][] = [
    ['text', 'Contract wording', '合同文本说明', 'Framework agreement, renewed yearly unless cancelled'],
    ['number', 'Branches', '分支机构数', 1234.5],
    ['money', 'Yearly budget', '年度预算', '1280000.00'],
    ['date', 'Anniversary', '成立周年', '2026-12-24'],
    ['choice', 'Quadrant', '象限', 'north'],
    ['multi_choice', 'Interests', '关注领域', ['north', 'south']],
    ['yes_no', 'Invited', '已邀请', true],
    ['link', 'Portal', '门户网站', 'https://example.com/portal'],
    ['user', 'Technician', '技术支持', alice.id],
  ]
  const fields: { id: number; key: string }[] = []
  const custom: Record<string, unknown> = {}
  for (const [kind, en, zh, value] of kinds) {
    const body = {
      resource: 'customers',
      kind,
      label_en: en,
      label_zh: zh,
      key: `k${word.slice(-12)}${kind}`,
    }
    const field = await boss.api.post<{ id: number; key: string }>('/custom-fields', { ...body, help: null })
    fields.push(field)
    custom[field.key] = value
    if (!kind.endsWith('choice')) continue
    for (const [name, label, colour] of [
      ['north', '北方', 'blue'],
      ['south', '南方', 'green'],
    ])
      await boss.api.post('/options', {
        list: `customers.${field.key}`,
        value: name,
        label_zh: label,
        label_en: name,
        colour,
      })
  }
  const customer = await alice.api.post('/customers', { name: 'Granite 花岗岩 Ltd', custom })
  const columns = ['name', ...fields.slice(0, 7).map(({ key }) => `custom.${key}`)].join(',')
  for (const [language, size, view] of looks) {
    const actor = await open(boss, { ...view, language })
    for (const [name, path] of [
      ['fields', '/admin/fields'],
      ['kinds', '/admin/options?list=contact_kind'],
      ['options', `/admin/options?list=customers.${fields[4]?.key}`],
      ['customer', `/customers/${customer.id}`],
      ['list', `/customers?columns=${columns}&sort=-created_at`],
      ['new', '/customers?new='],
    ] as const) {
      await actor.visit(path)
      if (name === 'new') await expect(actor.page.getByRole('dialog')).toBeVisible()
      await actor.page.waitForTimeout(400)
      for (const theme of ['light', 'dark'] as const) {
        await actor.page.emulateMedia({ colorScheme: theme })
        await shot(actor.page, `custom-${name}-${size}-${language}-${theme}`)
      }
      await actor.page.emulateMedia({ colorScheme: 'light' })
      await expectAccessible(actor.page, `custom ${name} ${size}`)
    }
    await actor.visit('/admin/fields')
    await actor.page.keyboard.press('c')
    await expect(actor.page.getByRole('dialog')).toBeVisible()
    await shot(actor.page, `custom-dialog-${size}-${language}-light`)
  }
  for (const field of fields) await boss.api.patch(`/custom-fields/${field.id}`, { is_retired: true })
})

test('A stage asks for a field that an admin added, and deals are found by its words', async ({
  cast,
  open,
}) => {
  const [boss, alice] = [await cast.join('Rita', 'admin'), await cast.join('Alice')]
  const word = unique()
  const label = `Permit ${word}`
  const field = await boss.api.post<{ id: number; key: string }>('/custom-fields', {
    resource: 'deals',
    kind: 'text',
    label_en: label,
    label_zh: `许可 ${word}`,
  })
  const { id: pipelineId, stage } = await makePipeline(cast)
  const office = await open(boss)
  await office.visit(`/admin/pipelines?pipeline=${pipelineId}`)
  const negotiation = office.page.getByRole('group', { name: 'Negotiation' })
  await negotiation.getByRole('button', { name: '0 required fields' }).click()
  await office.page.getByRole('checkbox', { name: label }).check()
  await shot(office.page, 'stage-required-custom')
  await expectAccessible(office.page, 'what a stage requires')
  await office.page.keyboard.press('Escape')
  await expect(negotiation.getByRole('button', { name: '1 required field' })).toBeVisible()
  await office.page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(office.page.getByText('Saved', { exact: true })).toBeVisible()

  const name = `Quarry ${word}`
  const deal = await alice.api.post('/deals', { name, stage_id: stage['Contact'] })
  await alice.api.post('/deals', { name: `Other ${word}`, stage_id: stage['Contact'] })
  const seller = await open(alice)
  const { page } = seller
  await seller.visit(`/deals?view=board&pipeline_id=${pipelineId}`)
  await card(page, name).focus()
  await page.keyboard.press('Alt+ArrowRight')
  await expect(column(page, 'Proposal')).toContainText(name)
  await page.keyboard.press('Alt+ArrowRight')
  const asks = page.getByRole('dialog', { name: 'Needed for Negotiation' })
  await asks.getByRole('button', { name: 'Save and move to Negotiation' }).click()
  await expect(asks.getByLabel(label)).toHaveAttribute('aria-invalid', 'true')
  await shot(page, 'stage-asks-custom')
  await expectAccessible(page, 'what a move lacks')
  await asks.getByLabel(label).fill('Harbour authority')
  await asks.getByRole('button', { name: 'Save and move to Negotiation' }).click()
  await expect(column(page, 'Negotiation')).toContainText(name)
  // The card stands there before the server has said so.
  await expect
    .poll(() => alice.api.get(`/deals/${deal.id}`))
    .toMatchObject({ custom: { [field.key]: 'Harbour authority' }, stage_id: stage['Negotiation'] })

  // The table asks for a part of it, all of it, or that there is none.
  await seller.visit(`/deals?view=table&pipeline_id=${pipelineId}`)
  const chip = page.getByRole('button', { name: new RegExp(`^${label}`) })
  const grid = page.getByRole('grid')
  const asking = page.getByRole('dialog', { name: label })
  await chip.click()
  await shot(page, 'text-chip')
  await expectAccessible(page, 'a text as a filter')
  await asking.getByRole('textbox', { name: label }).fill('harbour')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`custom\\.${field.key}=harbour`))
  await expect(grid).not.toContainText(`Other ${word}`)
  await expect(grid).toContainText(name)
  await chip.click()
  await asking.getByRole('radio', { name: 'is empty' }).check()
  await asking.getByRole('button', { name: 'Apply' }).click()
  await expect(grid).toContainText(`Other ${word}`)
  await expect(grid).not.toContainText(name)
  await chip.click()
  await asking.getByRole('radio', { name: 'is', exact: true }).check()
  await asking.getByRole('textbox', { name: label }).fill('harbour authority')
  await asking.getByRole('button', { name: 'Apply' }).click()
  await expect(page.getByRole('button', { name: `${label} is harbour authority`, exact: true })).toBeVisible()
  await expect(grid).toContainText(name)
  await expect(grid).not.toContainText(`Other ${word}`)

  // A word that nothing holds as it was typed is read as what was meant, and the page says so.
  await page.goto(`/deals?view=table&q=Quary+${word}`)
  await expect(page.getByText(/^Nothing matches “Quary .* exactly; showing “quarry/)).toBeVisible()
  await expect(grid).toContainText(name)
})
