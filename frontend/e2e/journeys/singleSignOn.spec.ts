import type { Page } from '@playwright/test'
import { Actor, desk, phone } from '../support/actor'
import { Api } from '../support/api'
import { Cast, unique } from '../support/cast'
import { OpenId } from '../support/openId'
import { admin, Product } from '../support/product'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

/** What a person does at the provider: names the account there and agrees. */
async function agree(page: Page, login: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(login)
  await page.getByPlaceholder('and password').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
}

test('Single sign-on: in at once, refused in words, linked and unlinked', async ({ browser }) => {
  const mine = unique()
  let openId: OpenId | undefined
  const product = await Product.start(async (url) => {
    openId = await OpenId.start(url, {
      ada: { name: 'Ada Zhou', email: `${mine}@example.com`, email_verified: true },
      stranger: { name: 'Stranger', email: `${mine}@elsewhere.example`, email_verified: true },
      second: { name: 'Alice at work', email: `${mine}@third.example`, email_verified: true },
    })
    return openId.settings
  })
  try {
    const root = await Api.signIn(product.url, admin.email, admin.password)
    const actor = await Actor.open(browser, product.url, null)
    const { page } = actor
    await page.goto('/customers?status=lead')
    const button = page.getByRole('button', { name: 'Sign in with Example' })
    await expect(button).toBeVisible()
    await expect(page.getByRole('button', { name: 'Sign in with WeCom' })).toBeVisible()
    await shot(page, 'sso-login')
    await button.click()
    await agree(page, 'ada')
    await expect(page).toHaveURL(`${product.url}/customers?status=lead`)
    await expect(page.getByRole('button', { name: 'Account: Ada Zhou' })).toBeVisible()
    await page.reload()
    await expect(page.getByRole('button', { name: 'Account: Ada Zhou' })).toBeVisible()
    await page.goto('/settings')
    await expect(page.getByRole('listitem').filter({ hasText: `${mine}@example.com` })).toBeVisible()
    await page.getByRole('button', { name: 'Unlink' }).click()
    const question = page.getByRole('dialog', { name: 'Unlink Example?' })
    await question.getByRole('button', { name: 'Unlink' }).click()
    await expect(question.getByRole('alert')).toContainText('You have no password')
    await shot(page, 'sso-only-way')
    await actor.close()

    const stranger = await Actor.open(browser, product.url, null, {
      ...phone,
      theme: 'dark',
      language: 'zh-CN',
    })
    await stranger.page.goto('/login')
    await expect(stranger.page.getByRole('button', { name: '使用企业微信登录' })).toBeVisible()
    await shot(stranger.page, 'sso-login-phone')
    await stranger.page.getByRole('button', { name: '使用Example登录' }).click()
    await agree(stranger.page, 'stranger')
    await expect(stranger.page.getByRole('heading', { name: '登录未完成' })).toBeVisible()
    await expect(stranger.page.getByRole('alert')).toHaveText(
      '登录平台已确认您的身份，但您在本系统还没有账号，请联系管理员开通。',
    )
    expect(new URL(stranger.page.url()).search).toBe('')
    await shot(stranger.page, 'sso-refused-phone')
    await stranger.page.getByRole('button', { name: '返回登录' }).click()
    await expect(stranger.page).toHaveURL(/\/login$/)
    await stranger.close()

    const alice = await new Cast(product.url, root).join('Alice')
    const settings = await Actor.open(browser, product.url, alice, desk)
    await settings.page.goto('/settings')
    await settings.page.getByRole('button', { name: 'Link Example' }).click()
    const ask = settings.page.getByRole('dialog', { name: 'Link Example?' })
    await expect(ask).toContainText('You can then sign in with Example too.')
    await ask.getByLabel('Current password', { exact: true }).fill('not the password')
    await ask.getByRole('button', { name: 'Link Example' }).click()
    await expect(ask.getByText('This is not the current password.')).toBeVisible()
    await ask.getByLabel('Current password', { exact: true }).fill(alice.password)
    await ask.getByRole('button', { name: 'Link Example' }).click()
    await agree(settings.page, 'second')
    await expect(settings.page).toHaveURL(/\/settings$/)
    await expect(settings.page.getByText('Example is linked')).toBeVisible()
    await expect(settings.page.getByText(`${mine}@third.example`)).toBeVisible()
    await expect(settings.page.getByRole('button', { name: 'Link WeCom' })).toBeVisible()
    await settings.page.getByText('Linked accounts').scrollIntoViewIfNeeded()
    await shot(settings.page, 'sso-linked')

    const office = await Actor.open(
      browser,
      product.url,
      await new Cast(product.url, root).join('Boss', 'admin'),
    )
    await office.page.goto('/admin/users?q=Ada')
    await office.page.getByRole('row').filter({ hasText: 'Ada Zhou' }).getByRole('button').first().click()
    const dialog = office.page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Sign-ins and tokens' }).click()
    await expect(dialog.getByText('Linked accounts')).toBeVisible()
    await dialog.getByRole('button', { name: 'Unlink' }).scrollIntoViewIfNeeded()
    await shot(office.page, 'sso-admin')
    await office.close()

    await settings.page.getByRole('button', { name: 'Unlink' }).click()
    await settings.page.getByRole('dialog').getByRole('button', { name: 'Unlink' }).click()
    await expect(settings.page.getByText('No linked accounts.')).toBeVisible()
    await settings.close()
  } finally {
    openId?.end()
    await product.end()
  }
})
