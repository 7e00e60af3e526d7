import { unique } from '../support/cast'
import { phone } from '../support/actor'
import { expect, test } from '../support/test'

test('A wrong password is refused in words, the right one leads to the page that was asked for @services', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  await alice.api.post('/customers', { name: 'Lantern Works', status: 'lead' })
  const visitor = await open(null)
  const { page } = visitor
  visitor.expects(/status of 401/)

  await page.goto('/customers?status=lead')
  await expect(page).toHaveURL(/\/login\?next=/)
  await expect(page.getByLabel('E-mail or phone')).toBeFocused()
  await page.keyboard.type(alice.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type('not the password at all')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toHaveText('The account or the password is not right.')

  const password = page.getByLabel('Password', { exact: true })
  await password.fill(alice.password)
  await page.getByRole('button', { name: 'Show password' }).click()
  await expect(password).toHaveAttribute('type', 'text')
  await password.press('Enter')
  await expect(page).toHaveURL(/\/customers\?status=lead$/)
  await expect(page.getByRole('row').filter({ hasText: 'Lantern Works' })).toBeVisible()
})

test('A foreign address in the way back is not followed', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const { page, url } = await open(null)
  await page.goto('/login?next=//example.com/steal')
  await page.getByLabel('E-mail or phone').fill(alice.email)
  await page.getByLabel('Password', { exact: true }).fill(alice.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByRole('navigation', { name: 'Main navigation' })).toBeVisible()
  expect(new URL(page.url()).origin).toBe(url)
})

test('Guessing is slowed down, and the page says for how long', async ({ open }) => {
  const visitor = await open(null)
  const { page } = visitor
  visitor.expects(/status of 401/, /status of 429/)
  await page.goto('/login')
  await page.getByLabel('E-mail or phone').fill(`${unique()}@example.com`)
  const button = page.getByRole('button', { name: 'Sign in', exact: true })
  const slowed = page.getByText(/Too many attempts\. Try again in \d:\d\d\./)
  for (let attempt = 0; attempt < 9 && !(await slowed.isVisible()); attempt += 1) {
    const answered = page.waitForResponse(/\/auth\/login$/)
    await page.getByLabel('Password', { exact: true }).fill(`a guess, number ${attempt}`)
    await button.click()
    await answered
    await expect(button).not.toHaveAttribute('aria-busy', 'true')
  }
  await expect(slowed).toBeVisible()
  await expect(button).toBeDisabled()
  await expect(button).toBeEnabled()
  await expect(slowed).toBeHidden()
})

test('Signing out ends every tab and leaves nothing to go back to @services', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  await alice.api.post('/customers', { name: 'Cedar Optics' })
  const actor = await open(alice)
  const { page, context } = actor
  await actor.visit('/customers')
  const second = await context.newPage()
  await second.goto('/customers')
  await expect(second.getByRole('row').filter({ hasText: 'Cedar Optics' })).toBeVisible()

  await page.getByRole('button', { name: 'Account: Alice' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  await expect(second.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  await expect(page.getByText('Cedar Optics')).toHaveCount(0)
})

test('Language and appearance follow a choice at once and are kept', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const actor = await open(alice)
  const { page } = actor
  await actor.visit('/customers')
  await page.getByRole('button', { name: 'Account: Alice' }).click()
  await page.getByRole('menuitem', { name: '简体中文' }).click()
  await expect(page.getByRole('heading', { name: '客户', level: 1 })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await expect
    .poll(async () => (await alice.api.get<{ language: string }>('/auth/me')).language)
    .toBe('zh-CN')
  expect(actor.loads, 'without loading the page again').toBe(1)

  await page.goto('/settings')
  await page.getByLabel('外观').selectOption({ label: '深色' })
  await expect(page.locator('html')).toHaveClass(/dark/)
  // The dark ground is there before the application is.
  await page.route(/\/assets\/(index|vendor)-.*\.js$/, (route) => route.abort())
  actor.expects(/net::ERR_FAILED/)
  await page.reload()
  await expect(page.locator('html')).toHaveClass(/dark/)
  await page.unroute(/\/assets\/(index|vendor)-.*\.js$/)
  await page.reload()
  await expect(page.getByRole('heading', { name: '设置' })).toBeVisible()

  const elsewhere = await open(alice)
  await elsewhere.page.goto('/settings')
  await expect(elsewhere.page.getByRole('heading', { name: '设置' })).toBeVisible()
})

test('The language is chosen before signing in, on a phone too', async ({ open }) => {
  const { page } = await open(null, phone)
  await page.goto('/login')
  await page.getByRole('button', { name: '简体中文' }).click()
  await expect(page.getByRole('heading', { name: '欢迎回来' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
})
