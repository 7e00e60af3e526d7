import type { Page } from '@playwright/test'
import { desk, phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import type { Language } from '../support/cast'
import { setScene, type Scene } from '../support/scene'
import { shot } from '../support/shots'
import { expect, test } from '../support/test'

test.describe.configure({ timeout: 420_000 })

const pages = (scene: Scene): [name: string, path: string][] => [
  ['home', '/'],
  ['customers', '/customers'],
  ['leads', '/customers/leads'],
  ['customer', `/customers/${scene.customerId}`],
  ['duplicates', '/customers/duplicates'],
  ['person-duplicates', '/people/duplicates'],
  ['people', '/people'],
  ['activities', '/contacts'],
  ['activities-of-report', '/contacts?report=activity&kind=call&first_answer=false'],
  ['board', '/deals?view=board'],
  ['deals', '/deals?view=table'],
  ['deal-hygiene', '/deals/hygiene'],
  ['deal', `/deals/${scene.dealId}`],
  ['deal-lines', `/deals/${scene.dealId}?tab=lines`],
  ['deal-quotes', `/deals/${scene.dealId}?tab=quotes`],
  ['tasks', '/tasks'],
  ['quotes', '/quotes'],
  ['quote', `/quotes/${scene.quoteId}`],
  ['dashboard', '/dashboards'],
  ['report-summary', '/reports/summary'],
  ['report-sales', '/reports/sales?period=all'],
  ['report-pipeline', '/reports/pipeline'],
  ['report-changes', '/reports/pipeline/changes'],
  ['report-forecast', '/reports/forecast'],
  ['report-funnel', '/reports/funnel'],
  ['report-velocity', '/reports/velocity'],
  ['report-losses', '/reports/losses'],
  ['report-leaderboard', '/reports/leaderboard'],
  ['report-activity', '/reports/activity'],
  ['report-customers', '/reports/customers'],
  ['report-leads', '/reports/leads'],
  ['report-hygiene', '/reports/hygiene'],
  ['targets', '/targets'],
  ['admin-users', '/admin/users'],
  ['admin-teams', '/admin/teams'],
  ['admin-roles', '/admin/roles'],
  ['admin-pipelines', '/admin/pipelines'],
  ['admin-products', '/admin/products'],
  ['admin-options', '/admin/options'],
  ['admin-fields', '/admin/fields'],
  ['admin-duplicates', '/admin/duplicates'],
  ['admin-security', '/admin/security'],
  ['admin-operations', '/admin/operations'],
  ['admin-journal', '/admin/journal'],
  ['admin-retention', '/admin/retention'],
  ['admin-access-log', '/admin/access-log'],
  ['admin-company', '/admin/company'],
  ['admin-currencies', '/admin/currencies'],
  ['admin-tags', '/admin/tags'],
  ['admin-exports', '/admin/exports'],
  ['import', '/import'],
  ['search', '/search?q=a'],
  ['bin', '/bin'],
  ['bin-contacts', '/bin/contacts'],
  ['settings', '/settings'],
  ['absent', '/no/such/page'],
]

/** Changes light and dark as the device does; nothing is loaded again. */
async function dark(page: Page, isDark: boolean): Promise<void> {
  await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light' })
  await expect(page.locator('html')).toHaveClass(isDark ? /dark/ : /^(?!.*dark)/)
}

/**
 * No sideways scrolling of the page itself: what is too wide scrolls in a box of its own, and no field has to be
 * looked for there.
 */
async function expectFits(page: Page, where: string): Promise<void> {
  const { over, hidden } = await page.evaluate(() => ({
    over: document.documentElement.scrollWidth - window.innerWidth,
    hidden: [...document.querySelectorAll('main .control')]
      .filter((field) => field.getBoundingClientRect().right > window.innerWidth)
      .map((field) => field.getAttribute('aria-label') ?? field.id),
  }))
  expect.soft(over, `${where} is wider than the screen`).toBeLessThanOrEqual(0)
  expect.soft(hidden, `${where} has fields beyond the edge`).toEqual([])
}

for (const language of ['zh-CN', 'en'] as const satisfies Language[]) {
  for (const [kind, view] of [
    ['wide', desk],
    ['phone', phone],
  ] as const) {
    test(`Every page can be read and used by everybody: ${language}, ${kind}`, async ({ cast, open }) => {
      const scene = await setScene(cast, language)
      const actor = await open(scene.admin, view)
      const { page } = actor
      for (const [name, path] of pages(scene)) {
        const where = `${name}-${language}-${kind}`
        await page.goto(path)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await actor.settle()
        await expectFits(page, where)
        await expectAccessible(page, `${where}, light`)
        await shot(page, `${where}-light`)
        await dark(page, true)
        await expectAccessible(page, `${where}, dark`, ['color-contrast'])
        await shot(page, `${where}-dark`)
        await dark(page, false)
      }

      const visitor = await open(null, { ...view, language })
      await visitor.page.goto('/login')
      await expect(visitor.page.getByRole('heading', { level: 1 })).toBeVisible()
      await expectAccessible(visitor.page, `login-${language}-${kind}`)
      await shot(visitor.page, `login-${language}-${kind}-light`)
      await dark(visitor.page, true)
      await expectAccessible(visitor.page, `login-${language}-${kind}, dark`, ['color-contrast'])
      await shot(visitor.page, `login-${language}-${kind}-dark`)
    })
  }
}

test('Dialogs and sheets are as accessible as pages', async ({ cast, open }) => {
  const scene = await setScene(cast, 'en')
  const actor = await open(scene.admin)
  const { page } = actor
  const look = async (name: string): Promise<void> => {
    await expect(page.getByRole('dialog').or(page.getByRole('menu'))).toBeVisible()
    await expectAccessible(page, name)
    await shot(page, `${name}-en-wide-light`)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
  await actor.visit('/customers')
  await page.keyboard.press('c')
  await look('dialog-new-customer')
  await page.keyboard.press('Control+k')
  await look('palette')
  await page.keyboard.press('?')
  await look('shortcuts')
  await page.goto('/contacts')
  await page.getByRole('grid').getByRole('row').nth(1).click()
  await look('dialog-activity')
  await page.goto('/deals?view=board')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await actor.settle()
  await page.keyboard.press('c')
  await look('dialog-new-deal')
  await page.goto('/admin/users')
  await page.getByRole('button', { name: 'New user' }).click()
  await look('dialog-new-user')
})

test('The keyboard alone goes round: skip link, navigation, list, page and back', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  await alice.api.post('/customers', { name: 'Cedar Foods' })
  const actor = await open(alice)
  const { page } = actor
  await actor.visit('/')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await expect(page).toHaveURL(/\/customers$/)
  await expect(page.getByRole('row').filter({ hasText: 'Cedar Foods' })).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Cedar Foods' })).toBeVisible()
  await page.keyboard.press('n')
  await expect(page.getByRole('textbox', { name: 'What happened' })).toBeFocused()
  await page.keyboard.type('By keyboard only')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('listitem').filter({ hasText: 'By keyboard only' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Alt+ArrowUp')
  await page.getByRole('link', { name: 'Back to customers' }).press('Enter')
  await expect(page).toHaveURL(/\/customers$/)
})
