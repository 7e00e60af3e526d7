import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

test('What a colleague hands over is told at once, and is still there tomorrow until it was read @services', async ({
  cast,
  open,
}) => {
  const [boss, alice] = [await cast.join(`Rita ${unique()}`, 'admin'), await cast.join(`Alice ${unique()}`)]
  const seat = await open(alice)
  await seat.visit('/customers')
  await expect(seat.page.getByRole('button', { name: 'Notices', exact: true })).toBeVisible()
  await seat.page.getByRole('button', { name: 'Notices', exact: true }).click()
  await expect(seat.page.getByText('Nothing new')).toBeVisible()
  await seat.page.keyboard.press('Escape')

  const { id } = await boss.api.post('/customers', { name: 'Lantern Holdings', owner_id: alice.id })
  await boss.api.post('/tasks', { subject: 'Call the lantern people', assignee_id: alice.id })
  const deals = await Promise.all(
    ['North', 'South', 'East'].map((name) => boss.api.post('/deals', { name, customer_id: id })),
  )
  await boss.api.post('/deals/bulk', {
    ids: deals.map((deal) => deal.id),
    action: 'transfer',
    changes: { owner_id: alice.id },
  })
  await expect(seat.page.getByRole('button', { name: 'Notices (3)' })).toBeVisible()

  // Tomorrow, on another device.
  const later = await open(alice, { ...phone, theme: 'dark', language: 'zh-CN' })
  await later.visit('/')
  const bell = later.page.getByRole('button', { name: '通知 (3)' })
  await bell.click()
  const sheet = later.page.getByRole('dialog', { name: '通知' })
  await expect(sheet.getByRole('listitem')).toHaveCount(3)
  await expect(sheet).toContainText('把 3 个商机交给了您')
  await expectAccessible(later.page, 'notifications-phone')
  await shot(later.page, 'notifications-zh-phone-dark')
  await sheet.getByRole('button', { name: 'Lantern Holdings' }).click()
  await expect(later.page.getByRole('heading', { level: 1, name: 'Lantern Holdings' })).toBeVisible()

  await seat.visit('/')
  await seat.page.getByRole('button', { name: 'Notices (2)' }).click()
  const dialog = seat.page.getByRole('dialog', { name: 'Notices' })
  await expect(dialog).toContainText('gave you 3 deals')
  await expectAccessible(seat.page, 'notifications')
  await shot(seat.page, 'notifications-en-wide-light')
  await dialog.getByRole('button', { name: 'Mark all as read' }).click()
  await expect(dialog.getByText('Unread')).toHaveCount(0)
  await seat.page.keyboard.press('Escape')
  await expect(seat.page.getByRole('button', { name: 'Notices', exact: true })).toBeVisible()
  await shot(seat.page, 'notifications-bell-en-wide-light')
})
