import type { Page } from '@playwright/test'
import { desk, phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique, type Person } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'
import { codeOf } from '../support/totp'

const nightly = { ...phone, theme: 'dark', language: 'zh-CN' } as const
const refusals = /status of 403/

/** Sets the second factor up by the API, as an integrator would. */
async function setUp(person: Person): Promise<void> {
  const { secret } = await person.api.post<{ secret: string }>('/auth/totp', { password: person.password })
  await person.api.post('/auth/totp/confirm', { code: codeOf(secret) })
}

/** Walks from the page that demands it to the recovery codes, and keeps them. */
async function walk(page: Page, password: string): Promise<void> {
  await page.getByRole('button', { name: 'Set up', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Set up two-step sign-in' })
  await dialog.getByLabel('Current password').fill(password)
  await dialog.getByRole('button', { name: 'Set up', exact: true }).click()
  const secret = (await dialog.locator('code').innerText()).replaceAll(' ', '')
  await shot(page, 'second-factor-setup')
  await dialog.getByLabel('Verification code').fill(codeOf(secret))
  await dialog.getByRole('button', { name: 'Switch on' }).click()
  const codes = page.getByRole('dialog', { name: 'Recovery codes' })
  await expect(codes.getByRole('textbox', { name: 'Recovery codes' })).not.toHaveValue('')
  await codes.getByRole('button', { name: 'I have kept them' }).click()
}

test('An admin demands a second factor: who is at work sets one up and goes on where he or she was', async ({
  cast,
  open,
}) => {
  const mark = unique()
  const ada = await cast.join(`Ada ${mark}`, 'admin')
  const sam = await cast.join(`Sam ${mark}`)
  const { id } = await sam.api.post('/customers', { name: `Quay ${mark}` })
  const seller = await open(sam)
  await seller.visit(`/customers/${id}`)
  const composer = seller.page.getByRole('textbox', { name: 'What happened' })
  await seller.page.keyboard.press('m')
  await expect(composer).toBeFocused()
  await seller.page.keyboard.type('Half of a thought')
  const later = await open(sam, nightly)

  const admin = await open(ada, desk)
  const small = await open(ada, nightly)
  await small.visit('/admin/security')
  await admin.visit('/admin/security')
  const { page } = admin
  const choice = (name: string) => page.getByRole('group', { name: 'Two-step sign-in' }).getByLabel(name)
  await expect(choice('Optional')).toBeChecked()
  admin.expects(/status of 409/)
  await choice('Required for everybody').click()
  const notices = page.getByRole('region', { name: 'Notices' })
  await expect(notices).toContainText('Set up your own two-step sign-in first: you would lock yourself out.')
  await expect(choice('Optional')).toBeChecked()

  await setUp(ada)
  try {
    for (const one of [seller, later]) one.expects(refusals)
    // Who has got other duties reads all anew.
    for (const one of [seller, admin, small]) one.expects(/status of 410/)
    await choice('Required for admins').click()
    await expect(choice('Required for admins')).toBeChecked()
    await notices.getByRole('button', { name: 'Undo' }).click()
    await expect(choice('Optional')).toBeChecked()
    await choice('Required for everybody').click()
    await expect(notices).toContainText('Two-step sign-in: Required for everybody')
    await expect(choice('Required for everybody')).toBeChecked()
    await shot(page, 'second-factor-rule-wide-en-light')
    await expectAccessible(page, 'second-factor-rule-wide-en-light')
    await expect(small.page.getByLabel('所有人必须启用')).toBeChecked({ timeout: 30_000 })
    await shot(small.page, 'second-factor-rule-phone-zh-CN-dark')
    await expectAccessible(small.page, 'second-factor-rule-phone-zh-CN-dark')

    await expect(seller.page).toHaveURL(/\/second-factor\?next=/, { timeout: 30_000 })
    await expect(seller.page.getByRole('heading', { name: 'Set up two-step sign-in' })).toBeVisible()
    await shot(seller.page, 'second-factor-page-wide-en-light')
    await expectAccessible(seller.page, 'second-factor-page-wide-en-light')
    await later.page.goto('/deals')
    await expect(later.page).toHaveURL(/\/second-factor\?next=%2Fdeals|\/second-factor\?next=\/deals/)
    await expect(later.page.getByRole('heading', { name: '设置两步验证' })).toBeVisible()
    await shot(later.page, 'second-factor-page-phone-zh-CN-dark')
    await expectAccessible(later.page, 'second-factor-page-phone-zh-CN-dark')
    later.watch()
    await later.page.waitForTimeout(1_500)
    expect(later.asked(/./), 'nothing is asked for in vain').toEqual([])

    await seller.page.getByRole('button', { name: '简体中文' }).click()
    await expect(seller.page.getByRole('heading', { name: '设置两步验证' })).toBeVisible()
    await seller.page.getByRole('button', { name: 'English' }).click()
    await walk(seller.page, sam.password)
    await expect(seller.page).toHaveURL(new RegExp(`/customers/${id}`))
    await expect(composer).toHaveValue('Half of a thought')

    await seller.visit('/settings')
    await expect(
      seller.page.getByText('Your administrator requires it, so it cannot be switched off.'),
    ).toBeVisible()
    await expect(seller.page.getByRole('button', { name: 'New recovery codes' })).toBeVisible()
    await expect(seller.page.getByRole('button', { name: 'Switch off' })).toHaveCount(0)
    await seller.page.getByRole('button', { name: 'New recovery codes' }).scrollIntoViewIfNeeded()
    await shot(seller.page, 'second-factor-settings')

    await choice('Optional').click()
    await expect(notices).toContainText('Two-step sign-in: Optional')
    await seller.page.reload()
    await expect(seller.page.getByRole('button', { name: 'Switch off' })).toBeVisible()
  } finally {
    await ada.api.patch('/settings', { second_factor: 'optional' })
  }
})

test('Who is let in by the password alone sets the second factor up before anything else, or leaves', async ({
  cast,
  open,
}) => {
  const ada = await cast.join('Ada', 'admin')
  const ben = await cast.join('Ben', 'admin')
  await setUp(ada)
  await ada.api.patch('/settings', { second_factor: 'admins' })
  try {
    const { page } = await open(null)
    const enter = async (): Promise<void> => {
      await page.getByLabel('E-mail or phone').fill(ben.email)
      await page.getByLabel('Password', { exact: true }).fill(ben.password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await expect(page.getByRole('heading', { name: 'Set up two-step sign-in' })).toBeVisible()
    }
    await page.goto('/login?next=/admin/users')
    await enter()
    await page.goto('/admin/users')
    await expect(page.getByRole('heading', { name: 'Set up two-step sign-in' })).toBeVisible()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page).toHaveURL(/\/login/)
    await enter()
    await walk(page, ben.password)
    await expect(page).toHaveURL(/\/admin\/users$/)
    await expect(page.getByRole('navigation', { name: 'Main navigation' })).toBeVisible()
    await page.goto('/second-factor')
    await expect(page).toHaveURL(/\/$/)
  } finally {
    await ada.api.patch('/settings', { second_factor: 'optional' })
  }
})
