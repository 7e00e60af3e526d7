import { card, column, makePipeline } from '../support/pipeline'
import { row } from '../support/grid'
import { expect, test } from '../support/test'

const away = 'The server cannot be reached. You see what was loaded; what you typed is kept.'
const noise = /net::ERR_|WebSocket connection|status of 50[234]/

test('Without a connection it says so quietly, keeps what was typed, and catches up', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', { name: 'Granite Optics' })
  const [seller, list] = [await open(alice), await open(alice)]
  const { page } = seller
  for (const actor of [seller, list]) actor.expects(noise)
  await seller.visit(`/customers/${customer.id}`)
  await list.visit('/customers')
  await page.keyboard.press('n')
  await expect(page.getByRole('textbox', { name: 'What happened' })).toBeFocused()
  await page.keyboard.type('Written in the tunnel')
  await seller.context.setOffline(true)
  await list.context.setOffline(true)
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText(away)).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'What happened' })).toHaveValue('Written in the tunnel')

  // Meanwhile the others go on.
  await carol.api.post('/contacts', { customer_id: customer.id, kind: 'call', content: 'Carol rang them' })
  await carol.api.patch(`/customers/${customer.id}`, { status: 'active' })
  await alice.api.post('/customers', { name: 'Harbour Energy' })

  await seller.context.setOffline(false)
  await list.context.setOffline(false)
  await expect(page.getByText(away)).toBeHidden()
  await expect(page.getByText('Carol rang them')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Status Active' })).toBeVisible()
  await expect(row(list.page, 'Harbour Energy')).toBeVisible()
  await page.getByRole('textbox', { name: 'What happened' }).press('Control+Enter')
  await expect(page.getByRole('listitem').filter({ hasText: 'Written in the tunnel' })).toHaveCount(1)
  expect(seller.loads).toBe(1)
  expect(list.loads).toBe(1)
})

test('A restart of the server is survived without a reload', async ({ cast, open, product }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  const customer = await alice.api.post('/customers', { name: 'Willow Paper' })
  const deal = await alice.api.post('/deals', {
    name: 'Shredder',
    amount: '700',
    customer_id: customer.id,
    stage_id: stages.stage['Contact'],
  })
  const [seller, leader] = [await open(alice), await open(carol)]
  for (const actor of [seller, leader]) actor.expects(noise)
  await Promise.all([seller.visit('/deals'), leader.visit(`/customers/${customer.id}`)])
  await expect(card(seller.page, 'Shredder')).toBeVisible()

  await product.stop()
  await leader.page.keyboard.press('n')
  await expect(leader.page.getByRole('textbox', { name: 'What happened' })).toBeFocused()
  await leader.page.keyboard.type('Noted while it was down')
  await leader.page.keyboard.press('Control+Enter')
  await expect(leader.page.getByText(away)).toBeVisible()
  await product.serve()
  await expect(leader.page.getByText(away)).toBeHidden()
  await carol.api.post(`/deals/${deal.id}/move`, { stage_id: stages.stage['Proposal'] })
  await expect(column(seller.page, 'Proposal').getByText('Shredder')).toBeVisible()
  await leader.page.getByRole('textbox', { name: 'What happened' }).press('Control+Enter')
  await expect(leader.page.getByRole('listitem').filter({ hasText: 'Noted while it was down' })).toHaveCount(
    1,
  )
  // And live again, not only caught up: a push arrives by the new socket.
  await carol.api.post(`/deals/${deal.id}/move`, { stage_id: stages.stage['Negotiation'] })
  await expect(column(seller.page, 'Negotiation').getByText('Shredder')).toBeVisible()
  expect(seller.loads).toBe(1)
  expect(leader.loads).toBe(1)
})

test('A session that ends in mid-form is taken up again in place', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const seller = await open(alice)
  const { page } = seller
  seller.expects(/status of 401/, /WebSocket/)
  await seller.visit('/customers')
  await page.keyboard.press('c')
  const form = page.getByRole('dialog', { name: 'New customer' })
  await form.getByLabel('Name').fill('Delta Freight Co')
  await form.getByLabel('Phone').fill('010 6500 7788')
  // All her sign-ins are ended elsewhere.
  const sessions = await alice.api.get<{ data: { id: number; is_current: boolean }[] }>('/auth/sessions')
  for (const session of sessions.data.filter(({ is_current }) => !is_current))
    await alice.api.call('DELETE', `/auth/sessions/${session.id}`)
  await form
    .getByRole('button', { name: 'Create' })
    .click({ timeout: 3_000 })
    .catch(() => undefined)
  const again = page.getByRole('dialog', { name: 'Please sign in again' })
  await expect(again).toBeVisible()
  await expect(again.getByLabel('E-mail or phone')).toHaveValue(alice.email)
  await expect(again.getByLabel('Password', { exact: true })).toBeFocused()
  await again.getByLabel('Password', { exact: true }).fill(alice.password)
  await again.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(again).toBeHidden()
  const done = page.getByRole('heading', { level: 1, name: 'Delta Freight Co' })
  // What was sent before goes on by itself; else the form stands as it was left.
  await expect(async () => {
    if (await done.isVisible()) return
    expect(await form.getByLabel('Phone').inputValue({ timeout: 1_000 })).toBe('010 6500 7788')
    await form.getByRole('button', { name: 'Create' }).click({ timeout: 2_000 })
    await expect(done).toBeVisible({ timeout: 5_000 })
  }).toPass({ timeout: 30_000 })
  await expect(done).toBeVisible()
  expect(await alice.api.get('/customers?name=Delta Freight')).toMatchObject({ meta: { total: 1 } })
  expect(seller.loads).toBe(1)
})

test('A slow answer shows that something is under way, a failed list offers to try again', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  await alice.api.post('/customers', { name: 'Silver Paper' })
  const seller = await open(alice)
  const { page } = seller
  seller.expects(/status of 500/)
  let fails = true
  await page.route(/\/api\/v1\/customers\?/, async (route) => {
    if (!fails) return route.continue()
    await route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: '/problems/internal', title: 'Internal', status: 500, request_id: 'abc' }),
    })
  })
  await page.goto('/customers')
  await expect(page.getByText('The list could not be loaded')).toBeVisible()
  fails = false
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(row(page, 'Silver Paper')).toBeVisible()
})

test('A sign-in that cannot be renewed now says why, waits as asked and goes on by itself', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  await alice.api.post('/customers', { name: 'Copper Motors' })
  const seller = await open(alice)
  const { page } = seller
  seller.expects(/status of (429|500)/)
  let refusal: { status: number; headers: Record<string, string> } | null = null
  await page.route('**/api/v1/auth/refresh', async (route) => {
    if (!refusal) return route.continue()
    await route.fulfill({
      ...refusal,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: '/problems/x', title: 'No', status: refusal.status, request_id: 'abc-1' }),
    })
  })

  refusal = { status: 429, headers: { 'Retry-After': '5' } }
  await page.goto('/customers')
  await expect(page.getByRole('alert')).toHaveText('Too many requests. Try again in 5 s.')
  await expect(page.getByText(/Trying again by itself in [1-4] s\./)).toBeVisible()
  refusal = null
  await expect(row(page, 'Copper Motors')).toBeVisible()

  refusal = { status: 500, headers: {} }
  await page.reload()
  await expect(page.getByRole('alert')).toContainText('Reference abc-1')
  await expect(page, 'nobody is signed out for a fault of the server').toHaveURL(/\/customers$/)
  refusal = null
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(row(page, 'Copper Motors')).toBeVisible()
})
