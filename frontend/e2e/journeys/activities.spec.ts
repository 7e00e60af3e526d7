import { chip, expectTotal, row } from '../support/grid'
import { expect, test } from '../support/test'

const at = (days: number, hour = 4): string => {
  const moment = new Date(Date.now() - days * 86_400_000)
  moment.setUTCHours(hour, 0, 0, 0)
  return moment.toISOString()
}

test('Every figure of activity opens exactly its records', async ({ cast, open }) => {
  const [alice, bob, carol] = [
    await cast.join('Alice'),
    await cast.join('Bob'),
    await cast.join('Carol', 'manager'),
  ]
  for (const [who, kinds] of [
    [alice, ['call', 'call', 'visit', 'note']],
    [bob, ['email', 'call', 'wechat']],
  ] as const) {
    const customer = await who.api.post('/customers', { name: `${who.name} Optics` })
    for (const [day, kind] of kinds.entries())
      await who.api.post('/contacts', {
        customer_id: customer.id,
        kind,
        content: `${kind} by ${who.name}`,
        occurred_at: at(day + 1),
      })
  }
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/reports/activity?period=all')
  const figures = page.getByRole('row', { name: /^(Alice|Bob)/ }).getByRole('link')
  await expect(figures.first()).toBeVisible()
  const found = await figures.evaluateAll((links) =>
    links
      .map((link) => ({ text: link.textContent?.trim() ?? '', href: link.getAttribute('href') ?? '' }))
      .filter(({ text, href }) => /^\d+$/.test(text) && href.startsWith('/contacts')),
  )
  expect(found.length, 'all, six kinds, customers and answers of both').toBeGreaterThanOrEqual(16)

  // By a click, as a person goes.
  const calls = page.getByRole('row', { name: /^Alice/ }).getByRole('link', { name: '2', exact: true })
  await calls.first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Activities' })).toBeVisible()
  await expectTotal(page, 2)
  await expect(row(page, 'call by Alice')).toHaveCount(2)
  await expect(page.getByText('From report “Activity”')).toBeVisible()
  await expect(chip(page, /^Kind Call$/)).toBeVisible()
  await page.goBack()

  // And the list behind each of them, by its length.
  for (const { text, href } of found) {
    // One of several records at one customer stands for that customer.
    if (!href.includes('kind=') && text !== '4' && text !== '3') continue
    await page.goto(href)
    await expectTotal(page, Number(text))
  }

  // The period of the report is the period of the list.
  const [from, to] = [at(2).slice(0, 10), at(1).slice(0, 10)]
  await page.goto(`/reports/activity?period=custom&from=${from}&to=${to}`)
  await page
    .getByRole('row', { name: /^Alice/ })
    .getByRole('link', { name: '2', exact: true })
    .first()
    .click()
  await expectTotal(page, 2)
  await expect(chip(page, `When ${from} – ${to}`)).toBeVisible()

  // The home page counts the same and opens them too.
  await page.goto('/')
  await page.getByRole('region', { name: 'Recent activity' }).getByRole('link', { name: 'See all' }).click()
  await expectTotal(page, 7)
})

test('Activities are found, read, changed and deleted in their list, live and by keyboard', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const first = await alice.api.post('/customers', { name: 'Granite Optics' })
  const second = await alice.api.post('/customers', { name: 'Harbour Energy' })
  const log = (customer: { id: number }, kind: string, content: string, more: object = {}) =>
    alice.api.post('/contacts', { customer_id: customer.id, kind, content, ...more })
  await log(first, 'call', 'Asked about delivery', { outcome: 'connected', occurred_at: at(3) })
  await log(first, 'visit', 'Walked through the plant', { direction: 'in', occurred_at: at(2) })
  await log(second, 'note', `Prefers e-mail. ${'A long remark. '.repeat(60)}The very end.`, {
    occurred_at: at(1),
  })
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/')
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await expect(page).toHaveURL(/\/contacts$/)
  await expectTotal(page, 3)
  const seen = page.getByRole('grid').getByRole('row')
  await expect(seen.nth(1)).toContainText('Prefers e-mail')

  // Live: what is logged elsewhere arrives, and leaves where it does not fit.
  await log(second, 'call', 'Called back at once')
  await expect(row(page, 'Called back at once')).toBeVisible()
  await expectTotal(page, 4)

  await page.keyboard.press('/')
  await expect(page.getByRole('search').getByRole('textbox')).toBeFocused()
  await page.keyboard.type('plant')
  await expectTotal(page, 1)
  await expect(page).toHaveURL(/q=plant/)
  await page.keyboard.press('Escape')
  await expectTotal(page, 4)
  await chip(page, 'Customer').click()
  await page.getByRole('combobox', { name: 'Search Customer' }).fill('granite')
  await page.getByRole('option', { name: 'Granite Optics' }).click()
  await page.keyboard.press('Escape')
  await expectTotal(page, 2)
  await expect(page).toHaveURL(new RegExp(`customer_id=${first.id}`))
  await page.reload()
  await expect(chip(page, 'Customer Granite Optics')).toBeVisible()
  await expectTotal(page, 2)
  await chip(page, 'Direction').click()
  await page.getByRole('option', { name: 'Inbound' }).click()
  await page.keyboard.press('Escape')
  await expectTotal(page, 1)
  await page.getByRole('button', { name: 'Clear filters', exact: true }).click()
  await chip(page, 'When').click()
  await page.getByLabel('From', { exact: true }).fill(at(3).slice(0, 10))
  await page.getByLabel('To', { exact: true }).fill(at(2).slice(0, 10))
  await page.keyboard.press('Escape')
  await expectTotal(page, 2)
  await page.getByRole('button', { name: 'Clear filters', exact: true }).click()
  await expectTotal(page, 4)

  // The second row from the top, read to its end and changed.
  await page.getByRole('grid').focus()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const peek = page.getByRole('dialog', { name: 'Note' })
  await expect(peek.getByText('The very end.')).toBeVisible()
  await expect(page).toHaveURL(/open=\d+/)
  await page.reload()
  await expect(peek.getByText('The very end.')).toBeVisible()
  await peek.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await peek.getByLabel('What happened').fill('Prefers the telephone')
  await peek.getByRole('button', { name: 'Save' }).click()
  await expect(peek.getByText('Prefers the telephone')).toBeVisible()
  await peek.getByRole('button', { name: 'Close' }).click()
  await expect(row(page, 'Prefers the telephone')).toBeVisible()
  await row(page, 'Prefers the telephone').getByText('Prefers the telephone').click()
  await peek.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(peek).toBeHidden()
  await expectTotal(page, 3)
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(row(page, 'Prefers the telephone')).toBeVisible()
  await row(page, 'Prefers the telephone').getByRole('link', { name: 'Harbour Energy' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Harbour Energy' })).toBeVisible()
})
