import { readFile } from 'node:fs/promises'
import { makePipeline } from '../support/pipeline'
import { expect, test } from '../support/test'

const pdf = Buffer.from('%PDF-1.7\nan offer')

test('A file is dropped on a deal, seen by the colleague, downloaded, deleted and brought back', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  await makePipeline(cast)
  const { id } = await alice.api.post('/deals', { name: 'Pump station' })
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  seller.expects(/status of 422/)
  await Promise.all([seller.visit(`/deals/${id}`), leader.visit(`/deals/${id}`)])
  leader.watch()
  const [own, hers] = [page, leader.page].map((one) => one.getByRole('region', { name: 'Files' }))
  if (!own || !hers) throw new Error('no section')
  await expect(own).toContainText('Drop files here')

  const dropped = await page.evaluateHandle((text) => {
    const data = new DataTransfer()
    data.items.add(new File([text], 'offer 1.pdf', { type: 'application/pdf' }))
    return data
  }, pdf.toString())
  await own.dispatchEvent('dragover', { dataTransfer: dropped })
  await own.dispatchEvent('drop', { dataTransfer: dropped })
  await expect(own.getByRole('button', { name: 'Download offer 1.pdf' })).toBeVisible()
  await expect(hers.getByRole('button', { name: 'Download offer 1.pdf' })).toBeVisible()
  expect(leader.asked(/^GET \/attachments/), 'it is told, not asked for').toEqual([])

  const arrives = leader.page.waitForEvent('download')
  await hers.getByRole('button', { name: 'Download offer 1.pdf' }).click()
  const file = await arrives
  expect(file.suggestedFilename()).toBe('offer 1.pdf')
  expect(await readFile(await file.path())).toEqual(pdf)

  // What is no document is refused in words, and stays in sight until it is let go.
  await own.locator('input[type=file]').setInputFiles({
    name: 'offer.pdf',
    mimeType: 'application/pdf',
    buffer: Buffer.from('<html><script>alert(1)</script></html>'),
  })
  await expect(own.getByRole('alert')).toHaveText('Files of this kind cannot be kept here.')
  await own.getByRole('button', { name: 'Let go of offer.pdf' }).click()
  await expect(own.getByRole('alert')).toBeHidden()

  await own.getByRole('button', { name: 'Delete offer 1.pdf' }).click()
  await expect(hers.getByRole('button', { name: 'Download offer 1.pdf' })).toBeHidden()
  await page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Undo' }).last().click()
  await expect(hers.getByRole('button', { name: 'Download offer 1.pdf' })).toBeVisible()
  await expect(own.getByRole('button', { name: 'Download offer 1.pdf' })).toBeVisible()
})

test('A duplicate opens with customer, people and products, and leaves the history', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  const stages = await makePipeline(cast)
  const customer = await alice.api.post('/customers', { name: 'Delta Paper Labs' })
  const { id } = await alice.api.post('/deals', {
    name: 'Recycling line',
    amount: '9000',
    customer_id: customer.id,
    stage_id: stages.stage['Negotiation'],
  })
  const seller = await open(alice)
  const { page } = seller
  await seller.visit(`/deals/${id}`)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Duplicate' }).click()
  await expect(page).not.toHaveURL(new RegExp(`/deals/${id}$`))
  await expect(page.getByRole('heading', { name: 'Recycling line (copy)' })).toBeVisible()
  const made = Number(new URL(page.url()).pathname.split('/').at(-1))
  expect(await alice.api.get(`/deals/${made}`)).toMatchObject({
    amount: '9000.00',
    customer_id: customer.id,
    stage_id: stages.stage['Contact'],
  })
})

test('Another reason for a loss needs words', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  await makePipeline(cast)
  const { id } = await alice.api.post('/deals', { name: 'Pump station' })
  const seller = await open(alice)
  const { page } = seller
  await seller.visit(`/deals/${id}`)
  await page.keyboard.press('Shift+L')
  const loss = page.getByRole('dialog', { name: 'Why was it lost?' })
  await loss.getByRole('radio', { name: 'Other' }).check()
  await loss.getByRole('button', { name: 'Lost' }).click()
  await expect(loss.getByText('Say in a few words why.')).toBeVisible()
  await loss.getByLabel('Note').fill('The plant is closed')
  await loss.getByRole('button', { name: 'Lost' }).click()
  await expect(page.getByRole('button', { name: 'Reopen' })).toBeVisible()
  // The page shows it at once, the server a moment later.
  await expect
    .poll(() => alice.api.get(`/deals/${id}`))
    .toMatchObject({
      lost_reason: 'other',
      lost_note: 'The plant is closed',
      forecast_category: 'omitted',
    })
})
