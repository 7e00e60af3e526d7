import { unique } from '../support/cast'
import { expect, test } from '../support/test'

test('An admin looks after the door, and reads and takes back what was changed', async ({ cast, open }) => {
  const mark = unique()
  const ada = await cast.join(`Ada ${mark}`, 'admin')
  const seller = await cast.join(`Sam ${mark}`)
  await seller.api.post('/auth/tokens', {
    name: `Nightly ${mark}`,
    scopes: ['deal:read'],
    expires_on: inDays(5),
  })
  const { id } = await seller.api.post('/customers', { name: `Quay ${mark}` })
  await seller.api.patch(`/customers/${id}`, { phone: '13800138000' })
  const admin = await open(ada)
  const { page } = admin

  await admin.visit('/admin/security')
  await expect(page.getByRole('region', { name: 'Without a second factor' })).toContainText(`Ada ${mark}`)
  await expect(page.getByRole('region', { name: 'Tokens about to expire' })).toContainText(`Nightly ${mark}`)
  const door = page.getByRole('region', { name: 'At the door' })
  await door.getByLabel('Who').selectOption({ label: `Sam ${mark}` })
  await door.getByLabel('What').selectOption({ label: 'Signed in' })
  await expect(door.getByRole('row').nth(1)).toContainText(`Sam ${mark}`)
  await door.getByLabel('What').selectOption({ label: 'Identity linked' })
  await expect(door.getByText('Nothing that fits')).toBeVisible()

  await page.getByRole('link', { name: 'Journal' }).click()
  await expect(page.getByRole('table', { name: 'Journal' })).toBeVisible()
  await page.getByLabel('Who').selectOption({ label: `Sam ${mark}` })
  await page.getByLabel('Record', { exact: true }).selectOption({ label: 'Customers' })
  const rows = page.getByRole('table', { name: 'Journal' }).getByRole('row')
  await expect(rows).toHaveCount(3)
  await expect(rows.nth(1)).toContainText('13800138000')
  await rows.nth(1).getByRole('button', { name: 'Undo this change' }).click()
  await expect
    .poll(async () => (await seller.api.get<{ phone: string | null }>(`/customers/${id}`)).phone)
    .toBeNull()
})

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
