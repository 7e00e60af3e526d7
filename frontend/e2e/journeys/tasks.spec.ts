import { phone } from '../support/actor'
import type { Page as List } from '../support/api'
import { unique, type Cast, type Person } from '../support/cast'
import { dayAgo } from '../support/days'
import { judgeByDayAndNight, looks } from '../support/looks'
import { expect, test } from '../support/test'

const dateIn = (days: number): string => dayAgo(-days)

interface Scene {
  alice: Person
  customer: string
  customerId: number
  dealId: number
}

const words = {
  en: {
    customer: 'Harbour Textiles',
    tasks: [
      'Send the contract',
      'Call about delivery',
      'Visit the plant',
      'Prepare the offer',
      'Read the tender',
    ],
    add: 'Add a task',
    search: 'Tasks',
  },
  'zh-CN': {
    customer: '海港纺织',
    tasks: ['寄送合同', '电话沟通交期', '拜访工厂', '准备报价', '阅读招标文件'],
    add: '添加待办',
    search: '待办',
  },
} as const

/** Alice has something to do at every time. */
async function setScene(cast: Cast, language: 'en' | 'zh-CN' = 'en'): Promise<Scene> {
  const alice = await cast.join('Alice', 'sales', language)
  const customer = `${words[language].customer} ${unique()}`
  const made = await alice.api.post('/customers', { name: customer })
  const deal = await alice.api.post('/deals', { name: 'Line upgrade', customer_id: made.id, amount: '9000' })
  const [contract, call, visit, offer, tender] = words[language].tasks
  await alice.api.post('/tasks', { subject: contract, due_on: dateIn(-2), priority: 'high' })
  await alice.api.post('/tasks', { subject: call, kind: 'call', due_on: dateIn(0), customer_id: made.id })
  await alice.api.post('/tasks', {
    subject: visit,
    kind: 'visit',
    due_at: `${dateIn(1)}T02:00:00Z`,
    deal_id: deal.id,
  })
  await alice.api.post('/tasks', { subject: offer, due_on: dateIn(12), deal_id: deal.id })
  await alice.api.post('/tasks', { subject: tender })
  return { alice, customer, customerId: made.id, dealId: deal.id }
}

test('A seller adds a task in one line, ticks it off and takes that back', async ({ cast, open }) => {
  const { alice, customer, customerId } = await setScene(cast)
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/')
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  const row = (name: string) => page.locator('[data-task]').filter({ hasText: name })
  await expect(page.locator('[data-task]')).toHaveCount(5)
  expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
    expect.stringContaining('Overdue'),
    expect.stringContaining('Today'),
    expect.stringContaining('Tomorrow'),
    expect.stringContaining('Later'),
    expect.stringContaining('No date'),
  ])

  await page.keyboard.press('c')
  const line = page.getByRole('textbox', { name: 'Add a task' })
  await expect(line).toBeFocused()
  await line.fill(`call ${customer} tomorrow 10:00 !`)
  const chips = page.getByRole('list', { name: 'Understood as' }).getByRole('listitem')
  await expect(chips).toHaveText(['Call', /Tomorrow 10:00/, 'High priority', customer])
  await line.press('Enter')
  await expect(row(`call ${customer}`)).toContainText(/Tomorrow 10:00/)
  await expect(line).toHaveValue('')
  const [made] = (await alice.api.get<List>(`/tasks?customer_id=${customerId}&priority=high`)).data
  expect(made).toMatchObject({
    subject: `call ${customer}`,
    kind: 'call',
    due_at: `${dateIn(1)}T02:00:00Z`,
  })
  // What is refused is words again.
  await line.fill('read it tomorrow')
  await page.getByRole('button', { name: 'Not meant: Tomorrow' }).click()
  await line.press('Enter')
  await expect(row('read it tomorrow')).toBeVisible()

  // Done: struck through for a while, with a way back.
  await row('Send the contract').getByRole('checkbox').click()
  await expect(row('Send the contract').getByRole('checkbox')).toBeChecked()
  await row('Send the contract').getByRole('button', { name: 'Undo' }).click()
  await expect(row('Send the contract').getByRole('checkbox')).not.toBeChecked()
  await row('Send the contract').getByRole('checkbox').click()
  await expect(row('Send the contract')).toHaveCount(0)
  expect((await alice.api.get<List>('/tasks?state=done')).data.map(({ subject }) => subject)).toEqual([
    'Send the contract',
  ])
})

test('Keys alone: go, put off, hand over, what matters; a colleague sees it arrive', async ({
  cast,
  open,
}) => {
  const { alice } = await setScene(cast)
  const called = `Bob ${unique()}`
  const bob = await cast.join(called)
  const seller = await open(alice)
  const { page } = seller
  const row = (name: string) => page.locator('[data-task]').filter({ hasText: name })
  const other = await open(bob)
  await other.visit('/tasks')
  await expect(other.page.getByText('Nothing due')).toBeVisible()
  await seller.visit('/tasks')
  await expect(page.locator('[data-task]')).toHaveCount(5)
  await page.keyboard.press('j')
  await expect(row('Send the contract').locator('[data-task-open]')).toBeFocused()
  await page.keyboard.press('s')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Tomorrow/ })
    .click()
  await expect(page.getByText(/put off until Tomorrow/)).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('p')
  await expect(
    page
      .locator('[data-task]')
      .filter({ has: page.locator(':focus') })
      .getByRole('img', { name: 'High priority' }),
  ).toBeVisible()
  const name = await page.locator(':focus').textContent()
  await page.keyboard.press('a')
  await page.getByRole('dialog').getByRole('combobox').fill(called)
  await page.keyboard.press('Enter')
  await expect(page.getByText(`handed to ${called}`)).toBeVisible()
  await expect(page.locator('[data-task]')).toHaveCount(4)
  await expect(other.page.locator('[data-task]')).toContainText((name ?? '').replace(/^.*: /, ''))

  // Taken away by somebody else, it says why.
  const [tender] = (await alice.api.get<List>('/tasks?due=none')).data
  await cast.root.patch(`/tasks/${tender?.id}`, { assignee_id: bob.id })
  await expect(row('Read the tender')).toContainText(`Now with ${called}`)
  await expect(row('Read the tender')).toHaveCount(0)
})

test('A refused tick comes back and says why', async ({ cast, open }) => {
  const { alice } = await setScene(cast)
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/tasks')
  await expect(page.locator('[data-task]')).toHaveCount(5)
  await page.route('**/complete', (route) => route.abort())
  seller.expects(/ERR_FAILED|Failed to load/)
  const row = page.locator('[data-task]').filter({ hasText: 'Read the tender' })
  await row.getByRole('checkbox').click()
  await expect(page.getByRole('region', { name: 'Notices' }).getByText(/./).first()).toBeVisible()
  await expect(row.getByRole('checkbox')).not.toBeChecked()
})

test('At a customer and a deal: add, complete, log what came of it, plan the next one', async ({
  cast,
  open,
}) => {
  const { alice, customerId, dealId } = await setScene(cast)
  const seller = await open(alice)
  const { page } = seller
  await seller.visit(`/customers/${customerId}`)
  const panel = page.getByRole('region', { name: 'Tasks' })
  await expect(panel.locator('[data-task]')).toHaveCount(3)
  await page.keyboard.press('t')
  await expect(panel.getByRole('textbox').first()).toBeFocused()
  await page.keyboard.type('send samples on Dec 24')
  await page.keyboard.press('Enter')
  await expect(panel.locator('[data-task]')).toHaveCount(4)
  await expect(page.getByText('added the task send samples')).toBeVisible()

  const call = panel.locator('[data-task]').filter({ hasText: 'Call about delivery' })
  await call.getByRole('checkbox').click()
  await call.getByRole('button', { name: 'Log activity' }).click()
  const composer = page.getByRole('textbox', { name: 'What happened' })
  await expect(composer).toBeFocused()
  await page.keyboard.type('They want it in May')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText('completed the task Call about delivery')).toBeVisible()
  await expect(page.getByText('They want it in May')).toBeVisible()

  await page.keyboard.press('l')
  await expect(composer).toBeFocused()
  await page.keyboard.type('Called again')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('group', { name: 'Next task?' }).getByRole('button', { name: '+3 days' }).click()
  await expect(panel).toContainText('Follow up with')

  await seller.visit(`/deals/${dealId}`)
  await expect(page.getByRole('region', { name: 'Tasks' }).locator('[data-task]')).toHaveCount(2)
})

test('Home shows what is due, and a task can be edited whole', async ({ cast, open }) => {
  const { alice, customer } = await setScene(cast)
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/')
  const card = page.getByRole('region', { name: 'Overdue and today' })
  await expect(card.locator('[data-task]')).toHaveCount(2)
  await card.locator('[data-task]').filter({ hasText: 'Send the contract' }).getByRole('checkbox').click()
  await expect(card.locator('[data-task]')).toHaveCount(1)

  await seller.visit('/tasks')
  await page.locator('[data-task-open]').filter({ hasText: 'Visit the plant' }).click()
  const dialog = page.getByRole('dialog', { name: 'Task' })
  await expect(dialog.getByLabel('Subject')).toHaveValue('Visit the plant')
  await dialog.getByText('Meeting', { exact: true }).click()
  await dialog.getByLabel('From').fill('14:00')
  await dialog.getByLabel('Until').fill('15:30')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(page.locator('[data-task]').filter({ hasText: 'Visit the plant' })).toContainText('3:30 PM')
  const [meeting] = (await alice.api.get<List>('/tasks?kind=meeting')).data
  expect(meeting).toMatchObject({
    starts_at: `${dateIn(1)}T06:00:00Z`,
    ends_at: `${dateIn(1)}T07:30:00Z`,
    due_at: null,
  })
  expect(String((meeting?.['customer'] as { name: string }).name)).toBe(customer)

  // The search leads to it.
  await seller.visit('/search?q=tender')
  await page.getByRole('link', { name: /Read the/ }).click()
  await expect(page.getByRole('dialog', { name: 'Task' }).getByLabel('Subject')).toHaveValue(
    'Read the tender',
  )
})

test('On a phone a swipe to the right is done, to the left later', async ({ cast, open }) => {
  const { alice } = await setScene(cast)
  const seller = await open(alice, phone)
  const { page } = seller
  await seller.visit('/')
  await page.getByRole('navigation').getByRole('link', { name: 'Tasks' }).click()
  await expect(page.locator('[data-task]')).toHaveCount(5)
  async function swipe(name: string, by: number): Promise<void> {
    const box = await page.locator('[data-task]').filter({ hasText: name }).boundingBox()
    if (!box) throw new Error(name)
    const session = await page.context().newCDPSession(page)
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: number): Promise<unknown> =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints: at === undefined ? [] : [{ x: at, y }] })
    await touch('touchStart', x)
    for (let step = 1; step <= 6; step += 1) await touch('touchMove', x + (by * step) / 6)
    await touch('touchEnd')
  }
  await swipe('Read the tender', 130)
  await expect(
    page.locator('[data-task]').filter({ hasText: 'Read the tender' }).getByRole('checkbox'),
  ).toBeChecked()
  await swipe('Prepare the offer', -130)
  await expect(page.getByRole('dialog', { name: 'Snooze' })).toBeVisible()
})

for (const [language, size, view] of looks) {
  test(`Tasks can be read and used by everybody: ${language}, ${size}`, async ({ cast, open }) => {
    const { alice, customerId } = await setScene(cast, language)
    const actor = await open(alice, view)
    const { page } = actor
    const look = (name: string) => judgeByDayAndNight(page, `${name}-${language}-${size}`)
    await actor.visit('/tasks')
    await expect(page.locator('[data-task]')).toHaveCount(5)
    await look('tasks')
    await page
      .getByRole('textbox', { name: words[language].add })
      .fill(language === 'en' ? 'call Anna tomorrow 10:00 !' : '明天上午10点给王伟打电话 !')
    await look('tasks-typed')
    await page.keyboard.press('Escape')
    await page.locator('[data-task-open]').filter({ hasText: words[language].tasks[2] }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await look('tasks-dialog')
    await actor.visit('/')
    await expect(page.locator('[data-task]').first()).toBeVisible()
    await look('tasks-home')
    await actor.visit(`/customers/${customerId}`)
    if (size === 'phone') await page.getByRole('tab', { name: words[language].search }).click()
    await expect(page.locator('[data-task]').first()).toBeVisible()
    await look('tasks-customer')
  })
}
