import type { Page } from '@playwright/test'
import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique, type Cast, type Language, type Person } from '../support/cast'
import { compose } from '../support/ime'
import { judgeByDayAndNight, looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

test.describe.configure({ timeout: 120_000 })

interface Found {
  seller: Person
  home: number
}

/** A seller with a customer, a person, a deal and an activity that are found by one another's names. */
async function records(cast: Cast, language: Language = 'en'): Promise<Found> {
  const seller = await cast.join(language === 'en' ? 'Alice' : '王磊', 'sales', language)
  const { api } = seller
  const home = await api.post('/customers', {
    name: '张三丰科技有限公司',
    company: '武当集团',
    phone: '138 1234 5678',
    tags: ['VIP'],
  })
  await api.post('/customers', { name: 'Microsoft Ireland Ltd', email: `info@${unique()}.example` })
  await api.post('/people', { customer_id: home.id, name: '单雄信', title: 'CEO', phone: '+49 30 901820' })
  await api.post('/deals', { name: '张三丰产线升级', customer_id: home.id })
  await api.post('/contacts', {
    customer_id: home.id,
    kind: 'note',
    content: '与张三丰讨论了风车项目的交期和付款方式。',
  })
  return { seller, home: home.id }
}

const box = (page: Page) => page.getByRole('dialog').getByRole('combobox')
const option = (page: Page, name: string | RegExp) => page.getByRole('option', { name })

test('One box finds everything, marks what matched and opens it @services', async ({ cast, open }) => {
  const { seller, home } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  await actor.visit('/')
  await page.keyboard.press('Control+k')
  await expect(box(page)).toBeFocused()

  await box(page).fill('zhangsan')
  await expect(option(page, /^张三丰科技有限公司/)).toBeVisible()
  await expect(option(page, /^张三丰产线升级/)).toBeVisible()
  await expect(
    option(page, /^张三丰科技有限公司/)
      .first()
      .locator('mark'),
  ).toHaveText('张三')
  await expect(page.getByText('Customers', { exact: true }).last()).toBeVisible()

  for (const typed of ['張三豐', 'zsf', 'zsan', '+86 138-1234-5678', '5678', '张三丰科技股份有限公司']) {
    await box(page).fill(typed)
    await expect(option(page, /^张三丰科技有限公司/).first(), typed).toBeVisible()
  }
  await box(page).fill('shanxiongxin')
  await expect(option(page, /单雄信/).locator('mark')).toHaveText('单雄信')
  await box(page).fill('风车')
  await expect(
    option(page, /风车项目/)
      .locator('mark')
      .first(),
  ).toHaveText('风车')

  await box(page).fill('micorsoft')
  await expect(page.getByRole('status').filter({ hasText: 'spelled alike' })).toBeVisible()
  await expect(option(page, /Microsoft Ireland/).locator('mark')).toHaveText('Microsoft')

  await box(page).fill('武当')
  await expect(option(page, /^张三丰科技有限公司/)).toBeVisible()
  await box(page).press('Enter')
  await expect(page).toHaveURL(new RegExp(`/customers/${home}$`))

  await page.keyboard.press('Control+k')
  await expect(option(page, /^张三丰科技有限公司/), 'what was looked at last').toBeVisible()
  await expect(page.getByText('Recently viewed')).toBeVisible()
})

test('Tab shows what can be done with a row: by keys, and back again', async ({ cast, open }) => {
  const { seller, home } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await actor.visit('/')
  await page.keyboard.press('Control+k')
  await expect(box(page)).toBeFocused()
  await box(page).fill('武当')
  await expect(option(page, /^张三丰科技有限公司/)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Tab')
  const listed = page.getByRole('listbox', { name: 'Actions for “张三丰科技有限公司”' })
  await expect(listed.getByRole('option')).toHaveText([
    /^Open/,
    'Open in a new tab',
    'Log activity: Note',
    'Log activity: Call',
    'Add a task',
    'New deal',
    /^Copy phone number/,
  ])
  await expect(box(page)).toBeFocused()
  await expectAccessible(page, 'the actions of a row')
  await shot(page, 'palette-actions')

  // Escape and Shift Tab go back to the row, and keep what was searched for.
  await page.keyboard.press('Escape')
  await expect(box(page)).toHaveValue('武当')
  await expect(option(page, /^张三丰科技有限公司/)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Tab')
  await expect(listed).toBeVisible()
  await page.keyboard.press('Shift+Tab')
  await expect(listed).toHaveCount(0)
  await expect(box(page)).toHaveValue('武当')

  await page.keyboard.press('Tab')
  await box(page).fill('phone')
  await expect(listed.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(page.getByText('Copied: 138 1234 5678')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('138 1234 5678')

  // What is entered on the page of the record is entered there.
  await page.keyboard.press('Control+k')
  await box(page).fill('武当')
  await expect(option(page, /^张三丰科技有限公司/)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Tab')
  await listed.getByRole('option', { name: 'New deal' }).click()
  await expect(page).toHaveURL(new RegExp(`/customers/${home}$`))
  await expect(page.getByRole('dialog', { name: 'New deal' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await box(page).fill('武当')
  await expect(option(page, /^张三丰科技有限公司/)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Tab')
  await expect(listed.getByRole('option', { name: 'Log activity: Note' })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.locator('textarea:focus')).toBeVisible()

  // A command is an action itself.
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await box(page).fill('>dark')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('listbox', { name: /^Actions for/ })).toHaveCount(0)
  await expect(box(page)).toBeFocused()
})

test('Enter does not wait for the answer, and Ctrl Enter opens a tab', async ({ cast, open }) => {
  const { seller, home } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  await actor.visit('/')
  await page.keyboard.press('Control+k')
  await expect(box(page)).toBeFocused()
  await page.route('**/api/v1/search**', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    await route.continue()
  })
  // Within one moment, before what is typed was asked for.
  await box(page).evaluate((input: HTMLInputElement) => {
    input.value = 'microsoft'
    input.dispatchEvent(new InputEvent('input', { bubbles: true }))
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
  })
  await expect(page.getByRole('heading', { level: 1, name: 'Microsoft Ireland Ltd' })).toBeVisible()
  await page.unroute('**/api/v1/search**')

  await page.keyboard.press('Control+k')
  await box(page).fill('武当')
  await expect(option(page, /^张三丰科技有限公司/)).toBeVisible()
  const [tab] = await Promise.all([page.context().waitForEvent('page'), box(page).press('Control+Enter')])
  await expect(tab).toHaveURL(new RegExp(`/customers/${home}$`))
  await tab.close()
})

test('A person that was found is opened, and a link to him opens him too', async ({ cast, open }) => {
  const { seller, home } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  await actor.visit('/')
  await page.keyboard.press('Control+k')
  await expect(box(page)).toBeFocused()
  await box(page).fill('CEO')
  await expect(option(page, /单雄信/).locator('mark')).toHaveText('CEO')
  await option(page, /单雄信/).click()
  const person = page.getByRole('dialog', { name: '单雄信' })
  await expect(person.getByLabel('Title')).toHaveValue('CEO')
  await expect(page).toHaveURL(new RegExp(`/customers/${home}\\?person=\\d+$`))
  const address = page.url()
  await page.keyboard.press('Escape')
  await expect(person).toHaveCount(0)
  await expect(page).toHaveURL(new RegExp(`/customers/${home}$`))
  await page.getByRole('button', { name: /^单雄信/ }).click()
  await expect(person).toBeVisible()
  await expect(page).toHaveURL(address)
  await page.reload()
  await expect(person).toBeVisible()
  await page.keyboard.press('Escape')

  // What is entered about somebody is entered at the customer, with nobody over it.
  await page.keyboard.press('Control+k')
  await expect(box(page)).toBeFocused()
  await box(page).fill('shanxiongxin')
  await expect(option(page, /单雄信/)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Tab')
  const listed = page.getByRole('listbox', { name: 'Actions for “单雄信”' })
  await expect(listed.getByRole('option', { name: 'Open the customer' })).toBeVisible()
  await listed.getByRole('option', { name: 'Log activity: Note' }).click()
  await expect(page.locator('textarea:focus')).toBeVisible()
  await expect(person).toHaveCount(0)

  await page.keyboard.press('Escape')
  await actor.visit('/search?q=CEO')
  await page
    .getByRole('list', { name: 'Results' })
    .getByRole('link', { name: /单雄信/ })
    .click()
  await expect(person).toBeVisible()

  // On a phone he stands over the people of the customer.
  const hand = await open(seller, phone)
  await hand.visit(new URL(address).pathname + new URL(address).search)
  const there = hand.page.getByRole('dialog', { name: '单雄信' })
  await expect(there).toBeVisible()
  await there.getByRole('button', { name: 'Cancel' }).tap()
  await expect(hand.page.getByRole('tab', { name: 'People' })).toHaveAttribute('aria-selected', 'true')
})

test('Half-composed pinyin is not searched', async ({ cast, open }) => {
  const { seller } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  await actor.visit('/')
  await page.keyboard.press('/')
  await expect(box(page)).toBeFocused()
  actor.watch()
  await compose(page, "zhang'san'feng", '张三丰')
  await expect(option(page, /^张三丰科技有限公司/)).toBeVisible()
  const searched = actor.asked(/^GET \/search\?/)
  expect(searched, 'one search, for the words').toHaveLength(1)
  expect(new URL(searched[0]?.split(' ')[1] ?? '', 'http://x').searchParams.get('q')).toBe('张三丰')
})

test('Signs ask for commands, people and tags; what is missing can be created', async ({ cast, open }) => {
  const { seller } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  await actor.visit('/')
  await page.keyboard.press('Control+k')
  await box(page).fill('>deals')
  await expect(option(page, 'Go to Deals')).toBeVisible()
  await expect(page.getByRole('option')).toHaveCount(1)
  await box(page).fill('@单')
  await expect(option(page, /单雄信/)).toBeVisible()
  await box(page).fill('@张三丰')
  await expect(option(page, /产线/)).toHaveCount(0)
  await box(page).fill('#vi')
  await option(page, 'VIP').click()
  await expect(page).toHaveURL(/\/customers\?tag=VIP$/)
  await expect(page.getByRole('row').filter({ hasText: '张三丰科技' })).toBeVisible()

  await page.keyboard.press('Control+k')
  await box(page).fill('Nobody & Sons')
  await option(page, 'Create customer “Nobody & Sons”').click()
  const dialog = page.getByRole('dialog', { name: 'New customer' })
  await expect(dialog.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('Nobody & Sons')
  await expect(page).toHaveURL(/\/customers$/)
})

test('Every result stands on a page of its own, with its address', async ({ cast, open }) => {
  const { seller } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  await actor.visit('/')
  await page.keyboard.press('Control+k')
  await box(page).fill('张三丰')
  await option(page, 'All results for “张三丰”').click()
  await expect(page).toHaveURL((url) => url.pathname === '/search' && url.searchParams.get('q') === '张三丰')
  const results = page.getByRole('list', { name: 'Results' })
  await expect(results.getByRole('listitem')).toHaveCount(3)
  await page.getByRole('radio', { name: 'Deals' }).check({ force: true })
  await expect(results.getByRole('listitem')).toHaveCount(1)
  await page.reload()
  await expect(results.getByRole('link', { name: /张三丰产线升级/ })).toBeVisible()
  await page.getByRole('textbox', { name: 'Search everything' }).fill('nothing of that')
  await expect(page.getByText('Nothing found for “nothing of that”')).toBeVisible()
  await page.getByRole('button', { name: 'Create customer “nothing of that”' }).click()
  await expect(page.getByRole('dialog', { name: 'New customer' })).toBeVisible()
})

test('A search that fails says so', async ({ cast, open }) => {
  const { seller } = await records(cast)
  const actor = await open(seller)
  const { page } = actor
  actor.expects(/500/)
  await actor.visit('/')
  await page.route('**/api/v1/search**', (route) =>
    route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"status": 500}' }),
  )
  await page.keyboard.press('Control+k')
  await box(page).fill('microsoft')
  await expect(page.getByRole('alert')).toContainText('fault')
  await page.keyboard.press('Escape')
  await page.goto('/search?q=microsoft')
  await expect(page.getByRole('alert')).toContainText('The search failed')
  await page.unroute('**/api/v1/search**')
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(page.getByRole('link', { name: /Microsoft Ireland/ })).toBeVisible()
})

for (const [language, size, view] of looks) {
  test(`The search can be read and used by everybody: ${language}, ${size}`, async ({ cast, open }) => {
    const { seller } = await records(cast, language)
    const actor = await open(seller, view)
    const { page } = actor
    await actor.visit('/')
    const look = (name: string) => judgeByDayAndNight(page, `${name}-${language}-${size}`)
    if (size === 'phone')
      await page.getByRole('button', { name: language === 'en' ? 'Search' : '搜索' }).click()
    else await page.keyboard.press('Control+k')
    await look('palette-empty')
    await box(page).fill('张三')
    await expect(option(page, /^张三丰科技有限公司/)).toBeVisible()
    await look('palette-results')
    await box(page).fill('没有这家')
    await expect(option(page, /没有这家/)).toBeVisible()
    await look('palette-none')
    await page.goto('/search?q=' + encodeURIComponent('张三丰'))
    await expect(page.getByRole('listitem').first()).toBeVisible()
    await look('search-page')
    await page.goto('/search?q=5678')
    await expect(page.getByRole('listitem').first()).toBeVisible()
    await look('search-phone')
    await page.goto('/search')
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await look('search-idle')
    await page.goto('/customers?q=micorsoft')
    await expect(page.getByRole('status').filter({ hasText: 'micorsoft' })).toBeVisible()
    await look('list-read-as')
  })
}
