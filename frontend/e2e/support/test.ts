import { test as base, expect } from '@playwright/test'
import { Actor, type View } from './actor'
import { Api } from './api'
import { Cast, type Person } from './cast'
import { admin, Product } from './product'

interface Stage {
  /** The people of this journey. */
  cast: Cast
  /** Opens a browser for somebody, or for nobody; closed and judged when the journey ends. */
  open: (person: Person | null, view?: View) => Promise<Actor>
}

interface House {
  /** Address of the product that all journeys share. */
  url: string
  /** The first admin, by the API. */
  root: Api
  /** A product of this worker's own, for journeys that stop it. */
  own: Product
}

/** A journey: real browsers in front of the real product. */
export const test = base.extend<Stage, House>({
  url: [async ({}, use) => use(process.env['LIANXI_E2E_URL'] ?? ''), { scope: 'worker' }],
  root: [
    async ({ url }, use) => use(await Api.signIn(url, admin.email, admin.password)),
    { scope: 'worker' },
  ],
  own: [
    async ({}, use) => {
      const product = await Product.start()
      await use(product)
      await product.end()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  cast: async ({ url, root }, use) => use(new Cast(url, root)),
  open: async ({ browser, url }, use, info) => {
    const actors: Actor[] = []
    await use(async (person, view) => {
      const actor = await Actor.open(browser, url, person, view)
      actors.push(actor)
      return actor
    })
    const complaints = actors.flatMap((actor) => actor.complaints())
    for (const actor of actors) await actor.close()
    if (info.status === info.expectedStatus)
      expect(complaints, 'no console error, no policy violation, no other origin').toEqual([])
  },
})

export { expect }
