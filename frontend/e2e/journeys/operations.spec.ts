import { unique } from '../support/cast'
import { expect, test } from '../support/test'

test('An admin backs the installation up and proves the backup', async ({ cast, open }) => {
  test.setTimeout(180_000)
  const ada = await cast.join(`Ada ${unique()}`, 'admin')
  const admin = await open(ada)
  const { page } = admin

  await admin.visit('/admin/operations')
  const health = page.getByRole('region', { name: 'Health' })
  await expect(health).toContainText('Database')
  const backups = page.getByRole('region', { name: 'Backups' })
  const runs = page.getByRole('table', { name: 'Backups and rehearsals' }).getByRole('row')
  await backups.getByRole('button', { name: 'Back up now' }).click()
  await expect(runs.nth(1)).toContainText('Made', { timeout: 60_000 })
  await backups.getByRole('button', { name: 'Rehearse now' }).click()
  await expect(runs.nth(1)).toContainText('Proven', { timeout: 90_000 })
  await expect(backups).not.toContainText('Never yet')
  await expect(page.getByRole('region', { name: 'Slow database statements' })).toBeVisible()
})
