import type { Page } from '@playwright/test'
import { desk, phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { pages } from '../support/pages'
import { setScene } from '../support/scene'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

test.describe.configure({ timeout: 720_000 })

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

for (const [language, size, view] of looks) {
  test(`Every page can be read and used by everybody: ${language}, ${size}`, async ({ cast, open }) => {
    const scene = await setScene(cast, language)
    const actor = await open(scene.admin, view)
    const { page } = actor
    for (const [name, path] of pages(scene)) {
      const where = `${name}-${language}-${size}`
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
      // The longer words on the narrow screen: what has to give way is seen without a load of its own.
      if (language === 'en' && size === 'wide') {
        await page.setViewportSize(phone)
        await expectFits(page, `${name}-en, narrow`)
        await page.setViewportSize(desk)
      }
    }

    const visitor = await open(null, { ...view, language })
    await visitor.page.goto('/login')
    await expect(visitor.page.getByRole('heading', { level: 1 })).toBeVisible()
    await expectAccessible(visitor.page, `login-${language}-${size}`)
    await shot(visitor.page, `login-${language}-${size}-light`)
    await dark(visitor.page, true)
    await expectAccessible(visitor.page, `login-${language}-${size}, dark`, ['color-contrast'])
    await shot(visitor.page, `login-${language}-${size}-dark`)
  })
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
