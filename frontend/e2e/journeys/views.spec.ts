import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

test.describe.configure({ timeout: 120_000 })

interface Saved {
  data: { id: number; name: string; where: unknown; visibility: string; version: number }[]
}

test('A filter is built of groups, saved as a view, shared, opened by a colleague, changed and taken back', async ({
  cast,
  open,
}) => {
  const [alice, bob] = [await cast.join('Alice'), await cast.join('Bob')]
  const name = unique()
  for (const [label, more] of [
    ['First', { level: 'A' }],
    ['Second', { level: 'B', source: 'referral' }],
    ['Third', { level: 'C' }],
  ] as const)
    await alice.api.post('/customers', { name: `${label} ${name}`, status: 'prospect', ...more })
  await bob.api.post('/customers', { name: `Of Bob ${name}`, status: 'prospect', level: 'A' })

  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/customers')
  const grid = page.getByRole('grid')
  await expect(grid).toContainText(`Third ${name}`)

  // Mine, and of level A or without a source.
  await page.keyboard.press('f')
  const builder = page.getByRole('dialog', { name: 'More filters' })
  const pickField = async (label: string): Promise<void> => {
    await page.getByRole('combobox', { name: 'Search fields' }).fill(label)
    await page.keyboard.press('Enter')
  }
  const pickValue = async (group: string, label: string): Promise<void> => {
    await builder
      .getByRole('group', { name: group, exact: true })
      .getByRole('button', { name: /^Value:/ })
      .click()
    await page.getByRole('combobox', { name: `Search ${group}` }).fill(label)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
  }
  await pickField('Owner')
  await pickValue('Owner', 'Me')
  await builder.getByRole('button', { name: 'Add group' }).click()
  await pickField('Level')
  await pickValue('Level', 'A')
  const any = builder.getByRole('group', { name: 'Any of these conditions' })
  await any.getByRole('button', { name: 'Add condition' }).click()
  await pickField('Source')
  const source = builder.getByRole('group', { name: 'Source', exact: true })
  await source.getByRole('combobox', { name: 'Operator' }).selectOption({ label: 'is not empty' })
  await expect(builder.getByRole('button', { name: 'Show 2 records' })).toBeVisible()
  await expectAccessible(page, 'filter builder')
  await shot(page, 'views-builder')
  await builder.getByRole('button', { name: 'Show 2 records' }).click()
  await expect(grid).toContainText(`Second ${name}`)
  await expect(grid).not.toContainText(`Third ${name}`)
  await expect(
    page.getByRole('button', { name: 'Level is A Key account or Source is not empty', exact: true }),
  ).toBeVisible()
  await expect(page).toHaveURL(/where=/)

  // Saved and shared with the team.
  await page.getByRole('button', { name: 'Save as view' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill(`Hot ${name}`)
  await page.getByRole('combobox', { name: 'Who sees it' }).selectOption({ label: 'My team' })
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  const tabs = page.getByRole('navigation', { name: 'Views' })
  await expect(tabs.getByRole('button', { name: `Hot ${name} My team` })).toHaveAttribute(
    'aria-current',
    'page',
  )
  await expect(page).toHaveURL(/\/customers\?view_id=\d+$/)
  const saved = async () =>
    (await alice.api.get<Saved>('/views')).data.find((view) => view.name === `Hot ${name}`)
  const id = (await saved())?.id ?? 0
  expect(await saved()).toMatchObject({
    visibility: 'team',
    where: {
      and: [
        { field: 'owner_id', op: 'in', value: ['me'] },
        {
          or: [
            { field: 'level', op: 'in', value: ['A'] },
            { field: 'source', op: 'not_null' },
          ],
        },
      ],
    },
  })

  // A colleague opens it and sees his own; he cannot write it, but keep a copy.
  const reader = await open(bob)
  await reader.visit(`/customers?view_id=${id}`)
  const others = reader.page.getByRole('grid')
  await expect(others).toContainText(`Of Bob ${name}`)
  await expect(others).not.toContainText(`First ${name}`)
  await reader.page.getByRole('button', { name: /^Remove condition: Level/ }).click()
  await expect(reader.page.getByRole('img', { name: 'Changed, not saved' })).toBeVisible()
  await expect(reader.page.getByRole('button', { name: 'Save', exact: true })).toHaveCount(0)
  await expect(reader.page.getByRole('button', { name: 'Save as view' })).toBeVisible()
  await reader.page.getByRole('button', { name: 'Reset' }).click()
  await expect(reader.page).toHaveURL(new RegExp(`view_id=${id}$`))

  // The owner changes it; the colleague's open tab follows, and the undo too.
  await page.getByRole('button', { name: /^Remove condition: Owner/ }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('img', { name: 'Changed, not saved' })).toHaveCount(0)
  await expect(reader.page.getByRole('button', { name: /^Owner is/ })).toHaveCount(0)
  await expect(others).not.toContainText(`First ${name}`)
  // Notices of earlier changes may stand above.
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(reader.page.getByRole('button', { name: 'Owner is Me', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Owner is Me', exact: true })).toBeVisible()

  // Pinned: it stands in the sidebar. Default: the list opens with it.
  const act = async (entry: string): Promise<void> => {
    await page.getByRole('button', { name: `Actions for “Hot ${name}”` }).click()
    await page.getByRole('menuitem', { name: entry }).click()
  }
  await act('Pin view')
  const pinned = page.getByRole('navigation', { name: 'Pinned views' })
  await expect(pinned.getByRole('link', { name: `Hot ${name}` })).toBeVisible()
  await act('Open this list with it')
  await expect(tabs.getByRole('button', { name: `Opens first Hot ${name} My team` })).toBeVisible()
  await seller.visit('/deals')
  await page.getByRole('link', { name: 'Customers', exact: true }).first().click()
  await expect(grid).toContainText(`Second ${name}`)
  await expect(grid).not.toContainText(`Third ${name}`)
  await tabs.getByRole('button', { name: 'All', exact: true }).click()
  await expect(grid).toContainText(`Third ${name}`)
  await expectAccessible(page, 'customers with views')
  await shot(page, 'views-tabs')

  // Found by its name and deleted, with a way back.
  await page.keyboard.press('v')
  await page.getByRole('combobox', { name: 'Search views' }).fill(`hot ${name}`)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`view_id=${id}$`))
  await act('Delete')
  await expect(pinned).toHaveCount(0)
  await expect(reader.page.getByText('This view is not here')).toBeVisible()
  // Notices of earlier changes may stand above.
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(tabs.getByRole('button', { name: `Opens first Hot ${name} My team` })).toBeVisible()
})

test('A board is kept as a view with what it is narrowed to, and opened on a phone', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  const name = unique()
  await alice.api.post('/deals', { name: `Large ${name}`, amount: '90000' })
  await alice.api.post('/deals', { name: `Small ${name}`, amount: '100' })
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/deals')
  await expect(page.getByText(`Small ${name}`)).toBeVisible()
  await page.getByRole('button', { name: 'More filters' }).click()
  await page.getByRole('combobox', { name: 'Search fields' }).fill('Amount')
  await page.keyboard.press('Enter')
  const amount = page.getByRole('group', { name: 'Amount', exact: true })
  await amount.getByRole('textbox', { name: 'Value' }).fill('5,000')
  await amount.getByRole('textbox', { name: 'Value' }).press('Tab')
  await page.getByRole('button', { name: 'Show 1 record' }).click()
  await expect(page.getByText(`Small ${name}`)).toHaveCount(0)
  // What another person adds is judged by the server.
  await alice.api.post('/deals', { name: `Tiny ${name}`, amount: '20' })
  await alice.api.post('/deals', { name: `Huge ${name}`, amount: '200000' })
  await expect(page.getByText(`Huge ${name}`)).toBeVisible()
  await expect(page.getByText(`Tiny ${name}`)).toHaveCount(0)
  await page.getByRole('button', { name: 'Save as view' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill(`Big ${name}`)
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('button', { name: `Big ${name}`, exact: true })).toHaveAttribute(
    'aria-current',
    'page',
  )
  // Switched to the table it is another view, until it is taken back.
  await page.getByRole('radio', { name: 'Table' }).check({ force: true })
  await expect(page.getByRole('grid')).toContainText(`Huge ${name}`)
  await expect(page.getByRole('grid')).not.toContainText(`Small ${name}`)
  await expect(page.getByRole('img', { name: 'Changed, not saved' })).toBeVisible()
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect(page.getByRole('grid')).toHaveCount(0)
  const made = (await alice.api.get<Saved>('/views')).data.find((view) => view.name === `Big ${name}`)
  expect(made).toMatchObject({ kind: 'board', where: { field: 'amount', op: 'gte', value: '5000' } })

  const pocket = await open(alice, phone)
  await pocket.visit(`/deals?view_id=${made?.id}`)
  await expect(pocket.page.getByText(`Huge ${name}`)).toBeVisible()
  await expect(pocket.page.getByText(`Small ${name}`)).toHaveCount(0)
  await pocket.page.getByRole('button', { name: 'Filter', exact: true }).click()
  await pocket.page.getByRole('button', { name: 'Amount is at least 5,000', exact: true }).click()
  await expect(pocket.page.getByRole('button', { name: /^Show 2 records/ })).toBeVisible()
  await expectAccessible(pocket.page, 'filter builder on a phone')
  await shot(pocket.page, 'views-builder-phone')
})

test('A link to a view that is not there for the reader shows the list and says so', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  const seller = await open(alice)
  await seller.visit('/customers?view_id=999999')
  await expect(seller.page.getByText('This view is not here')).toBeVisible()
  await expect(seller.page.getByRole('grid')).toBeVisible()
})

for (const [language, theme] of [
  ['en', 'light'],
  ['zh-CN', 'dark'],
] as const)
  test(`Pinned views are one tap from home on a phone: ${language}`, async ({ cast, open }) => {
    const mark = unique()
    const words =
      language === 'en'
        ? { pinned: 'Pinned views', unpin: 'Unpin view' }
        : { pinned: '固定的视图', unpin: '取消固定' }
    const alice = await cast.join('Alice', 'sales', language)
    await alice.api.post('/customers', { name: `Quartz ${mark}` })
    for (const [rank, name] of [
      `Hot ${mark}`,
      `Slow and rather long to read ${mark}`,
      `Late ${mark}`,
    ].entries()) {
      const view = await alice.api.post('/views', { name, resource: 'customers', filters: {} })
      if (rank < 2) await alice.api.post(`/views/${view.id}/prefer`, { is_pinned: true, rank })
    }
    const actor = await open(alice, { ...phone, theme, language })
    const { page } = actor
    await actor.visit('/')
    const pinned = page.getByRole('navigation', { name: words.pinned })
    await expect(pinned.getByRole('link')).toHaveCount(2)
    await expectAccessible(page, 'pinned views at home')
    await shot(page, `pinned-phone-${language}-${theme}`)
    await pinned.getByRole('link', { name: `Hot ${mark}` }).tap()
    await expect(page).toHaveURL(/\/customers\?view_id=\d+$/)
    await page
      .getByRole('button', { name: new RegExp(`Hot ${mark}`) })
      .last()
      .tap()
    await page.getByRole('menuitem', { name: words.unpin }).tap()
    await actor.visit('/settings')
    await expect(pinned.getByRole('link')).toHaveText([`Slow and rather long to read ${mark}`])
    await shot(page, `pinned-more-${language}-${theme}`)
  })

test('Pinned views are put into order, and a leader hands a shared view on', async ({ cast, open }) => {
  const mark = unique()
  const [alice, rita] = [await cast.join(`Alice ${mark}`), await cast.join(`Rita ${mark}`, 'admin')]
  const ids: number[] = []
  for (const name of ['One', 'Two', 'Three']) {
    const body = { name: `${name} ${mark}`, resource: 'customers', visibility: 'public', filters: {} }
    const view = await alice.api.post('/views', body)
    ids.push(view.id)
    await alice.api.post(`/views/${view.id}/prefer`, { is_pinned: true, rank: ids.length })
  }
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/customers')
  const pinned = page.getByRole('navigation', { name: 'Pinned views' })
  const order = (names: string[]) =>
    expect(pinned.getByRole('link')).toHaveText(names.map((name) => `${name} ${mark}`))
  await order(['One', 'Two', 'Three'])
  await pinned.getByRole('link', { name: `Three ${mark}` }).focus()
  await page.keyboard.press('Alt+ArrowUp')
  await order(['One', 'Three', 'Two'])
  await expect(pinned.getByRole('link', { name: `Three ${mark}` })).toBeFocused()
  await expect(pinned.getByRole('status')).toHaveText(`“Three ${mark}” moved to place 2 of 3`)
  await expect(page.getByText('Pinned views reordered')).toBeVisible()
  await expectAccessible(page, 'pinned views')

  const handle = pinned.getByRole('listitem').nth(2).locator('[data-handle]')
  await pinned.getByRole('listitem').nth(2).hover()
  await shot(page, 'pinned-views')
  const [from, to] = [await handle.boundingBox(), await pinned.getByRole('listitem').first().boundingBox()]
  await page.mouse.move((from?.x ?? 0) + 8, (from?.y ?? 0) + 12)
  await page.mouse.down()
  await page.mouse.move((from?.x ?? 0) + 8, (to?.y ?? 0) + 4, { steps: 8 })
  await page.mouse.up()
  await order(['Two', 'One', 'Three'])
  await expect(page).toHaveURL(/\/customers$/)
  await expect
    .poll(async () => {
      const { data } = await alice.api.get<{ data: { view_id: number; rank: number }[] }>(
        '/view-preferences?sort=rank',
      )
      return data.map(({ view_id }) => view_id)
    })
    .toEqual([ids[1], ids[0], ids[2]])
  await page.reload()
  await order(['Two', 'One', 'Three'])

  // The admin gives one away and takes one out of everybody's sight.
  const office = await open(rita)
  await office.visit(`/customers?view_id=${ids[0]}`)
  const desk = office.page
  await desk.getByRole('button', { name: `Actions for “One ${mark}”` }).click()
  await desk.getByRole('menuitem', { name: 'Name and sharing' }).click()
  const dialog = desk.getByRole('dialog', { name: 'Name and sharing' })
  await expect(dialog.getByRole('combobox', { name: 'Owner' })).toHaveValue(String(alice.id))
  await dialog.getByRole('combobox', { name: 'Owner' }).selectOption({ label: rita.name })
  await shot(desk, 'view-owner')
  await expectAccessible(desk, 'handing over a view')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(desk.getByText(`Saved view “One ${mark}”`)).toBeVisible()
  await office.visit(`/customers?view_id=${ids[1]}`)
  await desk.getByRole('button', { name: `Actions for “Two ${mark}”` }).click()
  await desk.getByRole('menuitem', { name: 'Name and sharing' }).click()
  await dialog.getByRole('combobox', { name: 'Who sees it' }).selectOption({ label: 'Only the owner' })
  await expect(dialog.getByRole('combobox', { name: 'Owner' })).toHaveCount(0)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(desk.getByText(`“Two ${mark}” is now seen by ${alice.name} alone`)).toBeVisible()
  await expect(desk).toHaveURL(/\/customers$/)

  // With a way back, by the notice and by the keys, for who has done so.
  await desk.getByRole('button', { name: 'Undo' }).last().click()
  await expect(desk).toHaveURL(new RegExp(`view_id=${ids[1]}$`))
  await expect(desk.getByRole('button', { name: `Actions for “Two ${mark}”` })).toBeVisible()
  await desk.keyboard.press('Control+Shift+z')
  await expect(desk.getByRole('button', { name: `Actions for “Two ${mark}”` })).toHaveCount(0)
  await desk.keyboard.press('Control+z')
  await expect(desk.getByRole('button', { name: `Actions for “Two ${mark}”` })).toBeVisible()
  const { visibility } = await rita.api.get<{ visibility: string }>(`/views/${ids[1]}`)
  expect(visibility).toBe('public')
  const board = await alice.api.post('/dashboards', {
    name: `Board ${mark}`,
    visibility: 'public',
    tiles: [],
  })
  await office.visit(`/dashboards/${board.id}`)
  await desk.getByRole('button', { name: 'More actions' }).click()
  await desk.getByRole('menuitem', { name: 'Name and sharing' }).click()
  const sharing = desk.getByRole('dialog')
  await sharing.getByRole('combobox', { name: 'Who sees it' }).selectOption({ label: 'Only the owner' })
  await sharing.getByRole('button', { name: 'Save' }).click()
  await expect(desk.getByText(`“Board ${mark}” is now seen by ${alice.name} alone`)).toBeVisible()
  await shot(desk, 'dashboard-unshared')
  await desk.getByRole('button', { name: 'Undo' }).last().click()
  await expect(desk).toHaveURL(new RegExp(`/dashboards/${board.id}$`))
  await expect(desk.getByText(`Board ${mark}`).first()).toBeVisible()

  const left = await alice.api.get<{ data: { id: number; owner_id: number }[] }>(
    `/views?id=${ids[0]}&id=${ids[1]}&sort=id`,
  )
  expect(left.data.map(({ owner_id }) => owner_id)).toEqual([rita.id, alice.id])
})
