import type { Locator, Page } from '@playwright/test'
import { desk, phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique, type Person } from '../support/cast'
import { chip, expectTotal, grid, row } from '../support/grid'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

const bar = (page: Page): Locator => page.getByRole('region', { name: 'Selection' })
const notices = (page: Page): Locator => page.getByRole('region', { name: 'Notices' })

interface Home {
  id: number
  name: string
}
const makeHome = (who: Person, name: string, more: object = {}): Promise<Home> =>
  who.api.post('/customers', { name, ...more })
const makePeople = (who: Person, home: Home, names: readonly string[], more: object = {}) =>
  who.api.postAll(
    '/people',
    names.map((name) => ({ name, customer_id: home.id, ...more })),
    1,
  )

test('People are found by pinyin, by number and by filters, and a filter is kept as a view', async ({
  cast,
  open,
}) => {
  const [alice, bob] = [await cast.join('Alice'), await cast.join('Bob')]
  const word = unique()
  const home = await makeHome(alice, `Granite ${word}`)
  const other = await makeHome(alice, `Birch ${word}`)
  await makePeople(alice, home, ['王小芳'], {
    title: '采购经理',
    decision_role: 'decision_maker',
    phones: [
      { raw: '0571 8888 4321', is_primary: true },
      { kind: 'mobile', raw: '138 0013 8000' },
    ],
    email: 'fang@granite.example',
  })
  await makePeople(alice, other, ['Tom Weaver'], {
    has_left: true,
    do_not_call: true,
    phone: '020 7946 0001',
  })
  await makePeople(bob, await makeHome(bob, `Of Bob ${word}`), ['Not Hers'])
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/')
  await page.keyboard.press('g')
  await page.keyboard.press('p')
  await expect(page).toHaveURL('/people')
  await expectTotal(page, 2)
  await expect(row(page, '王小芳')).toContainText('采购经理')
  await expect(row(page, '王小芳')).toContainText(`Granite ${word}`)
  await expect(row(page, '王小芳').getByRole('link', { name: '0571 8888 4321' })).toHaveAttribute(
    'href',
    'tel:+8657188884321',
  )
  // Who asked not to be called is not one click away.
  await expect(row(page, 'Tom Weaver')).toContainText('020 7946 0001')
  await expect(row(page, 'Tom Weaver').getByRole('link', { name: '020 7946 0001' })).toHaveCount(0)
  await expectAccessible(page, 'the list of people')

  const search = page.getByLabel('Search name, phone, e-mail')
  for (const [typed, found] of [
    ['wangxiaofang', '王小芳'],
    ['wxf', '王小芳'],
    ['13800138000', '王小芳'],
    ['weaver', 'Tom Weaver'],
  ] as const) {
    await search.fill(typed)
    await expectTotal(page, 1)
    await expect(row(page, found)).toBeVisible()
  }
  await search.fill('')
  await expectTotal(page, 2)

  // Sorted by the customer, narrowed to who still works there.
  await page.getByRole('columnheader', { name: 'Customer' }).getByRole('button').first().click()
  await expect(page).toHaveURL(/sort=customer_name/)
  await expect(grid(page).getByRole('row').nth(1)).toContainText('Tom Weaver')
  await chip(page, 'Has left').click()
  await page.getByRole('option', { name: 'No', exact: true }).click()
  await page.keyboard.press('Escape')
  await expectTotal(page, 1)
  await page.getByRole('button', { name: 'Save as view' }).click()
  const saving = page.getByRole('dialog', { name: 'Save as view' })
  await saving.getByRole('textbox', { name: 'Name' }).fill(`At work ${word}`)
  await saving.getByRole('combobox', { name: 'Who sees it' }).selectOption({ label: 'My team' })
  await saving.getByRole('button', { name: 'Save' }).click()
  await expect(page).toHaveURL(/\/people\?view_id=\d+$/)
  await page.getByRole('button', { name: `Actions for “At work ${word}”` }).click()
  await page.getByRole('menuitem', { name: 'Pin view' }).click()
  await page.goto('/')
  await page
    .getByRole('navigation', { name: 'Pinned views' })
    .getByRole('link', { name: `At work ${word}` })
    .click()
  await expect(page).toHaveURL(/\/people\?view_id=\d+$/)
  await expectTotal(page, 1)
  await expect(row(page, '王小芳')).toBeVisible()

  const mate = await open(bob)
  await mate.visit('/people')
  await mate.page
    .getByRole('navigation', { name: 'Views' })
    .getByRole('button', { name: new RegExp(`At work ${word}`) })
    .click()
  await expect(row(mate.page, 'Not Hers')).toBeVisible()
})

test('Who is entered arrives in a colleague’s list at once, and is opened and changed there', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const word = unique()
  await makeHome(alice, `Cedar ${word}`)
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit('/people'), leader.visit('/people')])
  await expect(leader.page.getByText('No people yet')).toBeVisible()
  leader.watch()
  // Nobody is at no customer: the server says so at the field.
  seller.expects(/status of 422/)

  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog', { name: 'New person' })
  await expect(dialog.getByLabel('Name')).toBeFocused()
  await dialog.getByLabel('Name').fill('Ingrid Larsen')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByText('This is required.')).toBeVisible()
  await dialog.getByRole('button', { name: /^Customer:/ }).click()
  await page.getByRole('combobox', { name: 'Search customers' }).fill(`Cedar ${word}`)
  await page.getByRole('option', { name: `Cedar ${word}` }).click()
  await dialog.getByLabel('Phone', { exact: true }).fill('+47 22 00 11 22')
  await dialog.getByRole('button', { name: 'Add a number' }).click()
  await dialog.getByRole('textbox', { name: 'Phone 2' }).fill('+47 900 11 222')
  await dialog.getByRole('button', { name: 'Make primary: +47 900 11 222' }).click()
  await expectAccessible(page, 'the dialog of a new person')
  await shot(page, 'people-new-en-wide-light')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
  await expect(row(page, 'Ingrid Larsen')).toContainText('+47 900 11 222')
  await expect(row(leader.page, 'Ingrid Larsen')).toContainText(`Cedar ${word}`)
  await expectTotal(leader.page, 1)
  expect(leader.asked(/^GET \/people/)).toEqual([])

  // Opened from the list, by a link that can be sent.
  await row(leader.page, 'Ingrid Larsen').getByText('Ingrid Larsen').click()
  await expect(leader.page).toHaveURL(/\/people\?open=\d+$/)
  const opened = leader.page.getByRole('dialog', { name: 'Ingrid Larsen' })
  await expect(opened.getByRole('link', { name: `Cedar ${word}` })).toBeVisible()
  await expect(opened.getByRole('link', { name: 'Call: +47 900 11 222' })).toBeVisible()
  await opened.getByLabel('Title').fill('Head of purchasing')
  await opened.getByRole('button', { name: 'Save' }).click()
  await expect(opened).toBeHidden()
  await expect(leader.page).toHaveURL('/people')
  await expect(row(page, 'Ingrid Larsen')).toContainText('Head of purchasing')

  // The customer is renamed: its people follow.
  const [found] = (await alice.api.get<{ data: Home[] }>(`/customers?q=${word}`)).data
  await alice.api.patch(`/customers/${found?.id}`, { name: `Cedar Paper ${word}` })
  await expect(row(page, 'Ingrid Larsen')).toContainText(`Cedar Paper ${word}`)
})

test('Several are changed and deleted together, taken back, and two are made one', async ({ cast, open }) => {
  const [alice, vera] = [await cast.join('Alice'), await cast.join('Vera', 'viewer')]
  const word = unique()
  const home = await makeHome(alice, `Basalt ${word}`)
  await makePeople(alice, home, ['Li Na', 'Na Li', 'Wu Min', 'Chen Jing'])
  const actor = await open(alice)
  const { page } = actor
  await actor.visit('/people?sort=name')
  await expectTotal(page, 4)
  await grid(page).focus()
  await page.keyboard.press('Control+a')
  await bar(page).getByRole('button', { name: 'Edit field' }).click()
  const editing = page.getByRole('dialog', { name: 'Edit a field of 4 people' })
  await editing.getByLabel('Field').selectOption('Do not call')
  await editing.getByLabel('Do not call').selectOption('Yes')
  await expect(editing).toContainText('This will affect 4 of 4.')
  await editing.getByRole('button', { name: 'Save' }).click()
  await expect(notices(page)).toContainText('4 people changed')
  const silent = async (): Promise<number> =>
    (await alice.api.get<{ meta: { total: number } }>('/people?do_not_call=true')).meta.total
  expect(await silent()).toBe(4)
  await notices(page).getByRole('button', { name: 'Undo' }).click()
  await expect.poll(silent).toBe(0)

  for (const name of ['Chen Jing', 'Wu Min']) await row(page, name).getByRole('checkbox').check()
  await bar(page).getByRole('button', { name: 'Delete' }).click()
  const deleting = page.getByRole('dialog', { name: 'Delete 2 people?' })
  await deleting.getByRole('button', { name: 'Delete' }).click()
  await expectTotal(page, 2)
  await page.keyboard.press('Control+z')
  await expectTotal(page, 4)

  for (const name of ['Li Na', 'Na Li']) await row(page, name).getByRole('checkbox').check()
  await bar(page).getByRole('button', { name: 'Merge' }).click()
  await expect(page).toHaveURL(/\/people\/merge\?ids=/)
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect(page).toHaveURL('/people?sort=name')
  await expect(notices(page)).toContainText('2 people merged into')
  await expectTotal(page, 3)
  await page.keyboard.press('Control+z')
  await expectTotal(page, 4)

  // One is enough to begin with: the other is looked for.
  await row(page, 'Wu Min').getByText('Wu Min').click()
  await page.getByRole('dialog', { name: 'Wu Min' }).getByRole('button', { name: 'Merge with…' }).click()
  await expect(page).toHaveURL(/\/people\/merge\?ids=\d+$/)
  await page.getByRole('combobox', { name: 'Search people' }).fill('Chen')
  await page.getByRole('option', { name: /^Chen Jing/ }).click()
  await expect(page).toHaveURL(/\/people\/merge\?ids=\d+,\d+$/)
  await page.getByRole('link', { name: 'Back' }).click()
  await expect(page.getByRole('dialog', { name: 'Wu Min' })).toBeVisible()
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Export' }).click()
  await expect(page.getByRole('dialog', { name: /Export/ })).toBeVisible()
  await page.keyboard.press('Escape')

  // Who only reads is offered nothing that writes.
  const reader = await open(vera)
  await reader.visit('/people')
  await expect(row(reader.page, 'Wu Min').first()).toBeVisible()
  await expect(reader.page.getByRole('button', { name: 'New person' })).toHaveCount(0)
  await expect(grid(reader.page).getByRole('checkbox')).toHaveCount(0)
  await row(reader.page, 'Wu Min').first().getByText('Wu Min').click()
  const read = reader.page.getByRole('dialog', { name: 'Wu Min' })
  await expect(read.getByLabel('Title')).toBeDisabled()
  await expect(read.getByRole('button', { name: 'Save' })).toHaveCount(0)
})

/** A square of one colour. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

for (const [language, theme, name] of [
  ['en', 'light', 'wide'],
  ['zh-CN', 'dark', 'phone'],
] as const)
  test(`All of a person is seen and edited in one place: ${language}, ${name}`, async ({ cast, open }) => {
    const words =
      language === 'en'
        ? {
            salutation: 'Salutation',
            address: 'Address',
            city: 'City',
            choose: 'Choose a photo',
            photo: /^Photo of/,
            add: 'Add a customer',
            further: 'Further customer: Not set',
            find: 'Search customers',
            role: /^Role at/,
            save: 'Save',
            remove: 'Remove photo',
            undo: 'Undo',
            redo: 'Redo',
          }
        : {
            salutation: '称谓',
            address: '地址',
            city: '城市',
            choose: '选择照片',
            photo: /的照片$/,
            add: '添加客户',
            further: '其他客户: 未填写',
            find: '搜索客户',
            role: /^在.*的角色$/,
            save: '保存',
            remove: '移除照片',
            undo: '撤销',
            redo: '重做',
          }
    const alice = await cast.join('Alice', 'sales', language)
    const word = unique()
    const home = await makeHome(alice, `Slate ${word}`)
    const second = await makeHome(alice, `Amber ${word}`)
    const made = (await alice.api.post('/people', { name: 'Nora Wu', customer_id: home.id })) as {
      id: number
    }
    const actor = await open(alice, { ...(name === 'phone' ? phone : desk), theme, language })
    const { page } = actor
    await actor.visit(`/people?open=${made.id}`)
    const dialog = page.getByRole('dialog', { name: 'Nora Wu' })
    await dialog.getByLabel(words.salutation).fill('Dr.')
    await dialog.getByText(words.address, { exact: true }).click()
    await dialog.getByLabel(words.city).fill('Berlin')
    await dialog.locator('input[type=file]').setInputFiles({
      name: 'nora.png',
      mimeType: 'image/png',
      buffer: picture,
    })
    await expect(dialog.getByRole('img', { name: words.photo })).toBeVisible()
    await dialog.getByRole('button', { name: words.add }).click()
    await dialog.getByRole('button', { name: words.further }).click()
    const search = page.getByRole('combobox', { name: words.find })
    await expect(search).toBeFocused()
    await search.fill(`Amber ${word}`)
    await page.getByRole('option', { name: `Amber ${word}` }).click()
    await dialog.getByLabel(words.role).fill('Adviser')
    await actor.settle()
    await expectAccessible(page, 'all of a person')
    await shot(page, `person-all-${language}-${name}-${theme}`)
    await dialog.getByRole('button', { name: words.save }).click()
    await expect(dialog).toHaveCount(0)
    const stored = await alice.api.get<{
      version: number
      salutation: string
      photo: string
      address: { city: string }
      customers: unknown[]
    }>(`/people/${made.id}`)
    expect(stored).toMatchObject({
      salutation: 'Dr.',
      address: { city: 'Berlin' },
      customers: [{ customer_id: second.id, role: 'Adviser', name: `Amber ${word}` }],
    })
    expect(stored.photo).toMatch(/^\/api\/v1\/attachments\/\d+\/content$/)

    // The photo is one act with the rest: taken back whole, and done again.
    await page.getByRole('button', { name: words.undo }).click()
    await expect
      .poll(async () => (await alice.api.get<{ photo: string | null }>(`/people/${made.id}`)).photo)
      .toBeNull()
    await expect
      .poll(
        async () => (await alice.api.get<{ data: unknown[] }>(`/attachments?customer_id=${home.id}`)).data,
      )
      .toEqual([])
    await page.getByRole('button', { name: words.redo }).click()
    await expect
      .poll(async () => (await alice.api.get<{ photo: string | null }>(`/people/${made.id}`)).photo)
      .toBe(stored.photo)

    await actor.visit(`/people?open=${made.id}`)
    await expect(dialog.getByRole('img', { name: words.photo })).toBeVisible()
    await expect(dialog.getByLabel(words.city)).toHaveValue('Berlin')
    await shot(page, `person-kept-${language}-${name}-${theme}`)
    await dialog.getByRole('button', { name: words.remove }).click()
    await dialog.getByRole('button', { name: words.save }).click()
    await expect(dialog).toHaveCount(0)
    await actor.visit(`/people?open=${made.id}`)
    await dialog.getByRole('link', { name: `Amber ${word}` }).click()
    await expect(page).toHaveURL(`/customers/${second.id}`)
  })

test('On a phone a person is a card, called with one tap', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const word = unique()
  const home = await makeHome(alice, `Harbour ${word}`)
  await makePeople(alice, home, ['Mei Lin'], { title: 'Buyer', phone: '138 0013 8000', is_primary: true })
  await makePeople(alice, home, ['Anna Berg'], { title: 'Engineer', has_left: true })
  const actor = await open(alice, phone)
  const { page } = actor
  await actor.visit('/people')
  await expectTotal(page, 2)
  await expect(row(page, 'Mei Lin')).toContainText(`Buyer · Harbour ${word}`)
  await expect(page.getByRole('link', { name: 'Call: Mei Lin' })).toHaveAttribute(
    'href',
    'tel:+8613800138000',
  )
  await expectAccessible(page, 'the list of people on a phone')
  await page.getByRole('button', { name: 'Filter' }).tap()
  await page.getByRole('dialog', { name: 'Filter' }).getByRole('button', { name: 'Has left' }).tap()
  await page.getByRole('option', { name: 'Yes', exact: true }).tap()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Show 1' }).tap()
  await expectTotal(page, 1)
  await row(page, 'Anna Berg').getByText('Anna Berg').tap()
  const opened = page.getByRole('dialog', { name: 'Anna Berg' })
  await expect(opened.getByLabel('Name')).toHaveValue('Anna Berg')
  await expectAccessible(page, 'a person on a phone')
  await opened.getByRole('link', { name: `Harbour ${word}` }).tap()
  await expect(page).toHaveURL(`/customers/${home.id}`)
})

for (const [language, size, view] of looks)
  test(`The list of people looks right: ${language}, ${size}`, async ({ cast, open }) => {
    const theme = size === 'phone' ? 'dark' : 'light'
    const carol = await cast.join(language === 'en' ? 'Carol' : '陈静', 'manager', language)
    const seen = `people-${language}-${size}-${theme}`
    const actor = await open(carol, { ...view, theme })
    const { page } = actor
    await actor.visit('/people?q=nobody-of-that-name')
    await shot(page, `${seen}-nobody`)
    await actor.visit('/people')
    await expectAccessible(page, 'no people yet')
    await shot(page, `${seen}-none`)
    const homes = await Promise.all(
      ['杭州云帆科技有限公司', 'Northern Systems GmbH', '青岛海棠医疗器械股份有限公司'].map((one) =>
        makeHome(carol, one),
      ),
    )
    const roles = ['decision_maker', 'influencer', 'user', null]
    for (const [at, one] of [
      '王小芳',
      'Anna Berg',
      '刘洋',
      'Tom Weaver-Hargreaves',
      '欧阳静怡',
      'Li Na',
    ].entries())
      await carol.api.post('/people', {
        name: one,
        customer_id: homes[at % 3]?.id,
        title: ['采购经理', 'Head of purchasing', '总工程师', 'CEO'][at % 4],
        department: ['采购部', 'Purchasing'][at % 2],
        decision_role: roles[at % 4],
        is_primary: at < 3,
        has_left: at === 3,
        phones: [
          { raw: `0571 8888 00${at}1`, is_primary: true },
          ...(at % 2 ? [{ kind: 'mobile', raw: `138 0013 80${at}0` }] : []),
        ],
        emails:
          at === 4 ? [] : [{ address: `person.number.${at}@northern-systems.example`, is_primary: true }],
        ...(at === 5 && homes[0] ? { customers: [{ customer_id: homes[0].id, role: '顾问' }] } : {}),
      })
    await expectTotal(page, 6)
    await actor.settle()
    await expectAccessible(page, 'the list of people')
    await shot(page, seen)
    await row(page, '王小芳').getByText('王小芳').click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await actor.settle()
    await expectAccessible(page, 'a person')
    await shot(page, `${seen}-open`)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.keyboard.press('c')
    await expect(page.getByRole('dialog')).toBeVisible()
    await actor.settle()
    await shot(page, `${seen}-new`)
  })
