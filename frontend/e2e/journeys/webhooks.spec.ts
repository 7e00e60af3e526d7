import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { unique } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

const { verify } = createRequire(import.meta.url)('../../../examples/webhooks/verify.js') as {
  verify: (
    secret: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ) => { type: string; data: { id: number } }
}

test('An admin has another program told, sees what became of it, and sends it once more', async ({
  cast,
  open,
}) => {
  test.setTimeout(180_000)
  const taken: { headers: IncomingHttpHeaders; body: Buffer }[] = []
  let status = 204
  const message = (at: number): (typeof taken)[number] => {
    const found = taken[at]
    if (!found) throw new Error(`message ${at} has not arrived`)
    return found
  }
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (status < 300) taken.push({ headers: request.headers, body: Buffer.concat(parts) })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  try {
    const ada = await cast.join(`Ada ${unique()}`, 'admin')
    const admin = await open(ada)
    const { page } = admin
    // An address inside is refused.
    admin.expects(/status of 422/)
    const name = `ERP ${unique()}`

    await admin.visit('/admin/webhooks')
    await page.getByRole('button', { name: 'New webhook' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Address').fill('https://10.0.0.1/hook')
    await dialog.getByLabel('Name', { exact: true }).fill(name)
    await dialog.getByRole('group', { name: 'Customers' }).getByLabel('created').check()
    await dialog.getByRole('group', { name: 'Deals' }).getByLabel('Deals').check()
    await shot(page, 'webhooks-new')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await expect(dialog).toContainText('public addresses only')
    await dialog.getByLabel('Address').fill(url)
    await dialog.getByRole('button', { name: 'Create' }).click()
    const secret = await dialog.getByLabel('Secret').inputValue()
    expect(secret).toMatch(/^whsec_/)
    await dialog.getByRole('button', { name: 'Done' }).click()

    await expect(page.getByRole('region', { name: 'Webhook', exact: true })).toContainText(name)
    await page.getByRole('button', { name: 'Send test' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'The test message arrived.' })).toBeVisible()
    expect(verify(secret, message(0).headers, message(0).body).type).toBe('webhook.test')

    const customer = await ada.api.post<{ id: number }>('/customers', { name: `Acme ${unique()}` })
    await expect.poll(() => taken.length, { timeout: 60_000 }).toBe(2)
    const told = verify(secret, message(1).headers, message(1).body)
    expect(told).toMatchObject({ type: 'customer.created', data: { id: customer.id } })
    const log = page.getByRole('list', { name: 'Deliveries of the last 30 days' })
    const row = log.getByRole('button', { name: 'Customers: created' })
    await expect(row).toContainText('Arrived', { timeout: 30_000 })

    status = 503
    await row.click()
    await log.getByRole('button', { name: 'Send again' }).click()
    await expect(log).toContainText('Refused, answer 503', { timeout: 60_000 })
    await expect(log).toContainText('Next attempt')
    for (const language of ['en', 'zh-CN'] as const) {
      await ada.api.patch('/auth/me', { language })
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme })
        for (const [size, width, height] of [
          ['wide', 1280, 900],
          ['narrow', 390, 844],
        ] as const) {
          await page.setViewportSize({ width, height })
          await page.reload()
          await page.locator('#webhook-deliveries').waitFor()
          await page
            .locator('section[aria-labelledby=webhook-deliveries] button[aria-expanded]')
            .first()
            .click()
          await shot(page, `webhook-${language}-${size}-${theme}`)
        }
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 })
    await ada.api.patch('/auth/me', { language: 'en' })
    await page.reload()

    status = 204
    await log.getByRole('button', { name: 'Customers: created' }).click()
    await log.getByRole('button', { name: 'Try now' }).click()
    await expect.poll(() => taken.length, { timeout: 60_000 }).toBe(3)
    expect(message(2).headers['webhook-id']).toBe(message(1).headers['webhook-id'])

    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await expect(page.getByRole('region', { name: 'Webhook', exact: true })).toContainText('Disabled')
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await expect(page).toHaveURL(/\/admin\/webhooks$/)
    await expect(page.getByText(name)).toHaveCount(0)
  } finally {
    receiver.close()
  }
})
