import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

interface Owned {
  data: { owner_id: number }[]
}

test('A customer is shared, seen at once, and goes over to a colleague with what is open there', async ({
  cast,
  open,
}) => {
  const bobName = `Bob ${unique()}`
  const [boss, alice, bob] = [
    await cast.join('Rita', 'admin'),
    await cast.join(`Alice ${unique()}`),
    await cast.join(bobName),
  ]
  const { id } = await alice.api.post('/customers', { name: 'Lantern Holdings' })
  await alice.api.post('/deals', { name: 'Lantern one', customer_id: id })
  const [seat, other, office] = [await open(alice), await open(bob), await open(boss)]
  await other.visit('/customers')
  await expect(other.page.getByText('No customers yet')).toBeVisible()

  await seat.visit(`/customers/${id}`)
  await seat.page.getByRole('button', { name: 'More actions' }).first().click()
  await seat.page.getByRole('menuitem', { name: 'Share…' }).click()
  const sharing = seat.page.getByRole('dialog', { name: 'Share “Lantern Holdings”' })
  await sharing.getByLabel('Person or team').selectOption({ label: bobName })
  await sharing.getByRole('button', { name: 'Share', exact: true }).click()
  await expect(sharing.getByRole('listitem')).toContainText(bobName)
  await expectAccessible(seat.page, 'dialog-share')
  await shot(seat.page, 'dialog-share-en-wide-light')
  // The colleague has it without a reload, and may not change it yet.
  await expect(other.page.getByText('Lantern Holdings')).toBeVisible()
  await sharing.getByLabel(`What ${bobName} may do`).selectOption({ label: 'read and change' })
  await sharing.getByRole('button', { name: 'Close' }).first().click()
  await expect(seat.page.getByRole('button', { name: `Shared with: ${bobName} (may change)` })).toBeVisible()

  await office.visit(`/customers/${id}`)
  await office.page.getByRole('button', { name: 'More actions' }).first().click()
  await office.page.getByRole('menuitem', { name: 'Hand over…' }).click()
  const handing = office.page.getByRole('dialog', { name: 'Hand over “Lantern Holdings”' })
  await expect(handing.getByLabel('1 open deal of')).toBeChecked()
  await handing.getByLabel('New owner').selectOption({ label: bobName })
  await handing.getByLabel('keeps').selectOption({ label: 'may read' })
  await expectAccessible(office.page, 'dialog-transfer')
  await shot(office.page, 'dialog-transfer-en-wide-light')
  await handing.getByRole('button', { name: 'Hand over' }).click()
  await expect(office.page.getByRole('dialog')).toHaveCount(0)
  expect((await bob.api.get<Owned>('/deals')).data[0]?.owner_id).toBe(bob.id)

  await office.page.getByRole('button', { name: 'More actions' }).first().click()
  await office.page.getByRole('menuitem', { name: 'Owners so far' }).click()
  const owners = office.page.getByRole('dialog', { name: 'Owners of “Lantern Holdings”' })
  await expect(owners.getByRole('listitem').first()).toContainText(bobName)
  await expect(owners.getByRole('listitem').first()).toContainText('Handed over by Rita')
  await expectAccessible(office.page, 'dialog-owners')
  await shot(office.page, 'dialog-owners-en-wide-light')
  await owners.getByRole('button', { name: 'Close' }).first().click()
  await office.page.keyboard.press('Control+z')
  await expect(async () => {
    expect((await alice.api.get<Owned>('/deals')).data[0]?.owner_id).toBe(alice.id)
  }).toPass()
})

test('Sharing and handing over can be read on a phone in the dark, in Chinese', async ({ cast, open }) => {
  const boss = await cast.join('张敏', 'admin', 'zh-CN')
  const colleague = await cast.join(`李强 ${unique()}`, 'sales', 'zh-CN')
  const { id } = await boss.api.post('/customers', {
    name: '苏州星河自动化设备有限公司',
    collaborators: [
      { user_id: colleague.id, access: 'write' },
      { team_id: await cast.team(), access: 'read' },
    ],
  })
  await boss.api.post('/deals', { name: '星河一期', customer_id: id })
  await boss.api.post('/tasks', { subject: '回电', customer_id: id })
  const { page } = await open(boss, { ...phone, theme: 'dark', language: 'zh-CN' })
  for (const [entry, name] of [
    ['共享…', 'share'],
    ['转移…', 'transfer'],
    ['历任负责人', 'owners'],
  ] as const) {
    await page.goto(`/customers/${id}`)
    await page.getByRole('button', { name: '更多操作' }).first().click()
    await page.getByRole('menuitem', { name: entry }).click()
    await expect(page.getByRole('dialog').getByRole('heading').first()).toBeVisible()
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
    await expectAccessible(page, `dialog-${name}-zh-CN-phone`)
    await shot(page, `dialog-${name}-zh-CN-phone-dark`)
  }
})

test('A deputy stands in for who is away, and no longer when that ends', async ({ cast, open }) => {
  const [absentName, deputyName] = [`Alice ${unique()}`, `Dora ${unique()}`]
  const [alice, dora] = [await cast.join(absentName), await cast.join(deputyName)]
  const { id } = await alice.api.post('/customers', { name: 'Lantern Holdings' })
  const [seat, other] = [await open(alice), await open(dora)]
  // What she sees changes: the feed then asks her browser to load anew.
  other.expects(/status of 410 .*\/events/, /status of 404/)
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)

  await seat.visit('/settings')
  await seat.page.getByLabel('Deputy', { exact: true }).selectOption({ label: deputyName })
  await seat.page.getByLabel('First day').fill(today)
  await seat.page.getByLabel('Last day').fill(today)
  await seat.page.getByRole('button', { name: 'Save' }).click()
  await expect(seat.page.getByText(`${deputyName} stands in for you now.`)).toBeVisible()
  await expectAccessible(seat.page, 'settings-deputy')
  await shot(seat.page, 'settings-deputy-en-wide-light')

  await other.visit('/settings')
  await expect(other.page.getByText(`You stand in for ${absentName} until`)).toBeVisible()
  await other.visit(`/customers/${id}`)
  await expect(other.page.getByRole('heading', { level: 1, name: 'Lantern Holdings' })).toBeVisible()

  // An admin sees it, may change it, and reads of somebody else.
  const office = await open(await cast.join('Rita', 'admin'))
  await office.visit(`/admin/users?q=${encodeURIComponent(absentName)}`)
  await office.page.getByRole('button', { name: absentName, exact: true }).click()
  const account = office.page.getByRole('dialog', { name: absentName })
  await account.getByRole('button', { name: 'Deputy while away' }).click()
  await expect(account.getByText(`${deputyName} stands in for ${absentName} now.`)).toBeVisible()
  await account.getByRole('button', { name: 'Sign-ins and tokens' }).click()
  await expect(account.getByRole('heading', { name: 'Signed in on' })).toBeVisible()
  await expectAccessible(office.page, 'admin-user-deputy')
  await shot(office.page, 'admin-user-deputy-en-wide-light')
  await office.page.setViewportSize({ width: 390, height: 844 })
  await shot(office.page, 'admin-user-deputy-en-narrow-light')

  await seat.page.getByRole('button', { name: 'Remove deputy' }).click()
  await expect(seat.page.getByLabel('Deputy', { exact: true })).toHaveValue('')
  await expect(async () => {
    expect((await dora.api.get<Owned>('/customers')).data).toHaveLength(0)
  }).toPass()
})
