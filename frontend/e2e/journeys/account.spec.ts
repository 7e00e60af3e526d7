import type { Page } from '@playwright/test'
import { desk, phone } from '../support/actor'
import { unique } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'
import { codeOf } from '../support/totp'

async function enter(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail or phone').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test('Two-step sign-in: set up, asked for, recovered, switched off', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const actor = await open(alice)
  const { page } = actor
  await actor.visit('/settings')
  await page.getByRole('button', { name: 'Set up', exact: true }).click()
  const setUp = page.getByRole('dialog', { name: 'Set up two-step sign-in' })
  actor.expects(/status of 422/, /status of 410 .*\/events/)
  await setUp.getByLabel('Current password').fill('not my password')
  await setUp.getByRole('button', { name: 'Set up', exact: true }).click()
  await expect(setUp.getByText('This is not the current password.')).toBeVisible()
  await shot(page, 'account-two-step-ask')
  await setUp.getByLabel('Current password').fill(alice.password)
  await setUp.getByRole('button', { name: 'Set up', exact: true }).click()
  const picture = setUp.getByRole('img', { name: 'QR code for the authenticator app' })
  await expect(picture).toBeVisible()
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(50)
  await shot(page, 'account-two-step-setup')
  const secret = (await setUp.locator('code').innerText()).replaceAll(' ', '')
  await setUp.getByLabel('Verification code').fill('000000')
  await setUp.getByRole('button', { name: 'Switch on' }).click()
  await expect(setUp.getByText('This code does not fit, or it has been used.')).toBeVisible()
  await setUp.getByLabel('Verification code').fill(codeOf(secret))
  await setUp.getByRole('button', { name: 'Switch on' }).click()
  const shown = page.getByRole('dialog', { name: 'Recovery codes' })
  const codes = (await shown.getByRole('textbox', { name: 'Recovery codes' }).inputValue()).split('\n')
  expect(codes).toHaveLength(10)
  await shot(page, 'account-recovery-codes')
  await shown.getByRole('button', { name: 'I have kept them' }).click()
  await expect(page.getByText('Recovery codes left: 10')).toBeVisible()
  await shot(page, 'account-settings')

  const elsewhere = await open(null)
  elsewhere.expects(/status of 401/)
  await elsewhere.page.goto('/login')
  await enter(elsewhere.page, alice.email, alice.password)
  const code = elsewhere.page.getByLabel('Verification code')
  await expect(code).toBeFocused()
  await code.fill('000000')
  await code.press('Enter')
  await expect(elsewhere.page.getByRole('alert')).toHaveText('The code is not right, or it has been used.')
  await shot(elsewhere.page, 'account-sign-in-code')
  await code.fill(codes[0] ?? '')
  await code.press('Enter')
  await expect(elsewhere.page.getByRole('navigation', { name: 'Main navigation' })).toBeVisible()

  await page.reload()
  await expect(page.getByText('Recovery codes left: 9')).toBeVisible()
  await page.getByRole('button', { name: 'Switch off' }).click()
  const asked = page.getByRole('dialog', { name: 'Switch off two-step sign-in?' })
  await asked.getByLabel('Current password').fill(alice.password)
  await asked.getByRole('button', { name: 'Switch off' }).click()
  await expect(page.getByRole('button', { name: 'Set up', exact: true })).toBeVisible()
})

test('A personal token is made, shown once, used and revoked; another device is signed out', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  const other = await open(alice, phone)
  await other.visit('/settings')
  const actor = await open(alice, desk)
  const { page } = actor
  await actor.visit('/settings')
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog', { name: 'New token' })
  await dialog.getByLabel('Name').fill('Nightly sync')
  await dialog.getByRole('group', { name: 'Customers and people' }).getByLabel('Read').check()
  await shot(page, 'account-new-token')
  await dialog.getByRole('button', { name: 'Create' }).click()
  const made = page.getByRole('dialog', { name: 'Your new token' })
  const token = await made.getByRole('textbox', { name: 'Token' }).inputValue()
  expect(token).toMatch(/^lianxi_pat_[\w-]{43}$/)
  await made.getByRole('button', { name: 'Done' }).click()
  const asProgram = () =>
    page.request.get('/api/v1/customers', { headers: { Authorization: `Bearer ${token}` } })
  expect((await asProgram()).status()).toBe(200)
  const row = page.getByRole('listitem').filter({ hasText: 'Nightly sync' })
  await expect(row).toContainText('Customers and people: Read')
  await shot(page, 'account-tokens')
  await row.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(row).toBeHidden()
  // The row is gone at once, the request may still be on its way.
  await expect.poll(async () => (await asProgram()).status()).toBe(401)

  other.expects(/status of 401/)
  await page.getByRole('button', { name: 'End all others' }).click()
  await expect(page.getByText('This device')).toBeVisible()
  await expect(page.getByRole('button', { name: 'End', exact: true })).toHaveCount(0)
  await expect(other.page.getByRole('dialog', { name: 'Please sign in again' })).toBeVisible()
})

test('An admin invites by a link, and gives another one to who forgot the password', async ({
  cast,
  open,
}) => {
  const admin = await cast.join('Root', 'admin')
  const actor = await open(admin)
  const { page } = actor
  const [name, email] = [`Guest ${unique()}`, `${unique()}@example.com`]
  await actor.visit('/admin/users')
  await page.getByRole('button', { name: 'New user' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByLabel('E-mail').fill(email)
  await dialog.getByRole('button', { name: 'Create' }).click()
  const box = dialog.getByRole('textbox', { name: 'Sign-in details' })
  const invitation = await box.inputValue()
  expect(invitation).toContain('/choose-password#')
  await shot(page, 'account-invitation')
  await dialog.getByRole('button', { name: 'Done' }).click()

  const guest = await open(null)
  await guest.page.goto(invitation)
  await expect(guest.page.getByText(`${name}, choose a password that only you know.`)).toBeVisible()
  await shot(guest.page, 'account-choose-password')
  const password = 'a first password of mine 3'
  await guest.page.getByLabel('New password', { exact: true }).fill(password)
  await guest.page.getByLabel('New password again').fill(password)
  await guest.page.getByRole('button', { name: 'Save password' }).click()
  await expect(guest.page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  await enter(guest.page, email, password)
  await expect(guest.page).toHaveURL(/\/$/)

  await page.getByRole('textbox', { name: 'Search name, e-mail, phone' }).fill(email)
  const row = page.getByRole('row').filter({ hasText: name })
  await expect(row).toBeVisible()
  await expect(row).not.toContainText('No password')
  await page.getByText(name, { exact: true }).click()
  await dialog.getByRole('button', { name: 'Sign-ins and tokens' }).click()
  await expect(dialog.getByRole('button', { name: 'End', exact: true })).toBeVisible()
  await shot(page, 'account-user-access')
  await dialog.getByRole('button', { name: 'Reset link' }).click()
  expect(await box.inputValue()).not.toBe(invitation)

  const late = await open(null)
  late.expects(/status of 422/)
  await late.page.goto(invitation)
  await expect(late.page.getByRole('alert')).toHaveText(/This link has been used or has run out/)
  await late.page.getByRole('link', { name: 'Ask for a new link' }).click()
  await late.page.getByLabel('E-mail or phone').fill(email)
  await late.page.getByRole('button', { name: 'Send link' }).click()
  await expect(late.page.getByRole('heading', { name: 'Look into your mailbox' })).toBeVisible()
  await shot(late.page, 'account-forgot')
})

test('An admin shows the password before the own phone number is changed among those of all users', async ({
  cast,
  open,
}) => {
  const name = `Rita ${unique()}`
  const admin = await cast.join(name, 'admin')
  const actor = await open(admin)
  const { page } = actor
  actor.expects(/status of 422/)
  await actor.visit('/admin/users')
  await page.getByRole('textbox', { name: 'Search name, e-mail, phone' }).fill(admin.email)
  await page.getByRole('button', { name, exact: true }).click()
  const dialog = page.getByRole('dialog', { name })
  const proof = dialog.getByLabel('Current password')
  await expect(dialog.getByLabel('New password')).toBeDisabled()
  await expect(proof).toHaveCount(0)
  await dialog.getByLabel('Phone').fill('13912340000')
  await expect(proof).toBeVisible()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(proof).toHaveAttribute('aria-invalid', 'true')
  await proof.fill('not this one at all')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toContainText('This is not the current password.')
  await shot(page, 'account-own-reach-en-wide-light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize({ width: 390, height: 844 })
  await shot(page, 'account-own-reach-en-phone-dark')
  await page.setViewportSize({ width: 1440, height: 900 })
  await proof.fill(admin.password)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toHaveCount(0)
  expect((await admin.api.get(`/users/${admin.id}`))['phone']).toBe('13912340000')
})
