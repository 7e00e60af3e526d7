import type { Page } from '@playwright/test'
import type { Actor } from '../support/actor'
import type { Person } from '../support/cast'
import { card, column, makePipeline, type Stages } from '../support/pipeline'
import { expect, test } from '../support/test'

const boards = /^GET \/deals/

async function makeDeals(owner: Person, stages: Stages, names: readonly string[]): Promise<number[]> {
  const made: number[] = []
  for (const name of names) {
    const { id } = await owner.api.post('/deals', { name, amount: '100', stage_id: stages.stage['Contact'] })
    made.push(id)
  }
  return made
}

async function drag(page: Page, from: string, to: { x: number; y: number }): Promise<void> {
  const box = await card(page, from).boundingBox()
  if (!box) throw new Error('not on the screen')
  await page.mouse.move(box.x + box.width / 2, box.y + 12)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 + 20, box.y + 24, { steps: 4 })
  await page.mouse.move(to.x, to.y, { steps: 8 })
  await page.mouse.up()
}

async function middleOf(page: Page, stage: string): Promise<{ x: number; y: number }> {
  const box = await column(page, stage).boundingBox()
  if (!box) throw new Error('not on the screen')
  return { x: box.x + box.width / 2, y: box.y + 200 }
}

async function order(actor: Actor, stage: string): Promise<string[]> {
  return column(actor.page, stage).locator('[data-card] a bdi').allTextContents()
}

test('Several cards go together, in one step, and come back', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  await makeDeals(alice, stages, ['One', 'Two', 'Three', 'Four'])
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit('/deals'), leader.visit('/deals')])
  leader.watch()
  await card(page, 'One').click({ modifiers: ['ControlOrMeta'] })
  await card(page, 'Three').focus()
  await page.keyboard.press('x')
  const bar = page.getByRole('region', { name: 'Selection' })
  await expect(bar).toContainText('2 selected')
  await expect(page).toHaveURL(/\/deals$/)
  seller.watch()
  await drag(page, 'Three', await middleOf(page, 'Proposal'))
  await expect(column(leader.page, 'Proposal').getByRole('heading')).toContainText('2 deals, ¥200')
  await expect(column(page, 'Proposal').getByRole('heading')).toContainText('2 deals, ¥200')
  expect(await order(leader, 'Proposal')).toEqual(['One', 'Three'])
  expect(seller.asked(/^POST \/deals/)).toEqual(['POST /deals/move'])
  expect(leader.asked(boards)).toEqual([])
  await expect(bar).toBeHidden()
  await page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Undo' }).click()
  await expect(column(leader.page, 'Contact').getByRole('heading')).toContainText('4 deals, ¥400')

  // A span by Shift, moved by the sheet.
  await card(page, 'Two').click({ modifiers: ['ControlOrMeta'] })
  await card(page, 'Four').click({ modifiers: ['Shift'] })
  await expect(bar).toContainText('selected')
  await bar.getByRole('button', { name: 'Move to…' }).click()
  await page.getByRole('dialog', { name: 'Move to…' }).getByRole('button', { name: 'Negotiation' }).click()
  await expect(column(leader.page, 'Negotiation').getByText('Four')).toBeVisible()
  await expect(column(leader.page, 'Negotiation').getByText('Two')).toBeVisible()
})

test('What keeps one of several back keeps all of them back, and is told by name', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  const [first, second] = await makeDeals(alice, stages, ['Free', 'Taken'])
  const seller = await open(alice)
  const { page } = seller
  seller.expects(/status of 422/)
  await seller.visit('/deals')
  await card(page, 'Free').click({ modifiers: ['ControlOrMeta'] })
  await card(page, 'Taken').click({ modifiers: ['ControlOrMeta'] })
  await page.route('**/deals/move', async (route) => {
    await carol.api.call('DELETE', `/deals/${second}`)
    await route.continue()
  })
  await drag(page, 'Free', await middleOf(page, 'Proposal'))
  await expect(page.getByText(/“Taken”: /)).toBeVisible()
  await expect(column(page, 'Contact').getByText('Free')).toBeVisible()
  expect(await alice.api.get(`/deals/${first}`)).toMatchObject({
    stage_id: stages.stage['Contact'],
    version: 1,
  })
})

test('By owner a card is handed over, by month it is put off', async ({ cast, open }) => {
  const [alice, bob, carol] = [
    await cast.join('Alice'),
    await cast.join('Bob'),
    await cast.join('Carol', 'manager'),
  ]
  const stages = await makePipeline(cast)
  const [id] = await makeDeals(alice, stages, ['Handed'])
  await makeDeals(bob, stages, ['Kept'])
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/deals')
  await page.getByRole('button', { name: 'Columns: By stage' }).click()
  await page.getByRole('menuitem', { name: 'By owner' }).click()
  await expect(page).toHaveURL(/group=owner/)
  const [from, to] = [alice.name, bob.name]
  await expect(column(page, from).getByText('Handed')).toBeVisible()
  await drag(page, 'Handed', await middleOf(page, to))
  await expect(column(page, to).getByRole('heading')).toContainText('2 deals, ¥200')
  await expect.poll(async () => (await carol.api.get(`/deals/${id}`))['owner_id']).toBe(bob.api.userId)

  await leader.visit('/deals?group=month')
  await expect(column(page, 'Not set').getByRole('heading')).toContainText('2 deals')
  await card(page, 'Handed').focus()
  await page.keyboard.press('Alt+ArrowLeft')
  await expect
    .poll(async () => (await carol.api.get(`/deals/${id}`))['expected_close_on'])
    .toMatch(/^\d{4}-\d{2}-\d{2}$/)
})

test('A name and Enter make deals in a column', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  await makePipeline(cast)
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit('/deals'), leader.visit('/deals')])
  leader.watch()
  await page.getByRole('button', { name: 'New deal in Proposal' }).click()
  const field = page.getByRole('textbox', { name: 'New deal in Proposal' })
  await expect(field).toBeFocused()
  await field.fill('First')
  await page.keyboard.press('Enter')
  await expect(column(leader.page, 'Proposal').getByText('First')).toBeVisible()
  await expect(field).toHaveValue('')
  await expect(field).toBeFocused()
  await field.fill('Second')
  await page.keyboard.press('Enter')
  await expect(column(leader.page, 'Proposal').getByRole('heading')).toContainText('2 deals')
  expect(await order(leader, 'Proposal')).toEqual(['First', 'Second'])
  await page.keyboard.press('Escape')
  await expect(field).toBeHidden()
  expect(leader.asked(boards)).toEqual([])
})

test('Many open deals: few cards are drawn, columns load as one scrolls', async ({ cast, open }) => {
  test.setTimeout(420_000)
  const alice = await cast.join('Alice')
  const stages = await makePipeline(cast)
  const names = ['Contact', 'Proposal', 'Negotiation']
  const bodies = Array.from({ length: 1_500 }, (_, number) => ({
    name: `Deal ${number}${number % 3 ? '' : ' with a name that takes a second line on its card'}`,
    amount: '10',
    stage_id: stages.stage[names[number % 3] as string],
  }))
  await alice.api.postAll('/deals', bodies, 6)
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/deals')
  await expect(column(page, 'Contact').getByRole('heading')).toContainText('500 deals')
  expect(await page.locator('*').count()).toBeLessThan(2_500)
  const measured = await page.evaluate(async () => {
    const list = document.querySelector<HTMLElement>('[data-scroller]')
    if (!list) throw new Error('no column')
    const frames: number[] = []
    let last = performance.now()
    let isOn = true
    const tick = (at: number): void => {
      frames.push(at - last)
      last = at
      if (isOn) requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
    for (let step = 0; step < 240; step += 1) {
      list.scrollTop += 90
      await new Promise((resolve) => requestAnimationFrame(resolve))
    }
    isOn = false
    frames.sort((a, b) => a - b)
    return {
      p50: frames[Math.floor(frames.length * 0.5)] ?? 0,
      p95: frames[Math.floor(frames.length * 0.95)] ?? 0,
      cards: document.querySelectorAll('[data-card]').length,
      loaded: Math.round(list.scrollHeight / 110),
    }
  })
  process.stdout.write(`    measured: board of 1,500 deals, wheel: ${JSON.stringify(measured)}\n`)
  expect(measured.cards, 'cards out of sight are not drawn').toBeLessThan(90)
  expect(measured.loaded, 'cards are loaded as one scrolls').toBeGreaterThan(150)
  const started = Date.now()
  await page.evaluate(() => document.querySelector('[data-scroller]')?.scrollTo({ top: 0 }))
  const first = column(page, 'Contact').locator('[data-card] a').first()
  await first.focus()
  await page.keyboard.press('Alt+ArrowRight')
  await expect(column(page, 'Proposal').getByRole('heading')).toContainText('501 deals')
  process.stdout.write(
    `    measured: a card of 1,500 stands in the next column after ${Date.now() - started} ms\n`,
  )
})
