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
  /** The product of this worker: what one journey does to teams and rights does not disturb another one. */
  product: Product
  /** The first admin, by the API. */
  root: Api
}

/** A journey: real browsers in front of the real product. */
export const test = base.extend<Stage, House>({
  product: [
    async ({}, use) => {
      const product = await Product.start()
      await use(product)
      await product.end()
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  root: [
    async ({ product }, use) => use(await Api.signIn(product.url, admin.email, admin.password)),
    { scope: 'worker' },
  ],
  cast: async ({ product, root }, use) => use(new Cast(product.url, root)),
  open: async ({ browser, product }, use, info) => {
    const actors: Actor[] = []
    await use(async (person, view) => {
      const actor = await Actor.open(browser, product.url, person, view)
      actors.push(actor)
      return actor
    })
    const hasFailed = info.status !== info.expectedStatus
    const complaints = actors.flatMap((actor) => actor.complaints())
    const whereabouts = hasFailed ? await Promise.all(actors.map((actor) => actor.whereabouts())) : []
    for (const actor of actors) await actor.close()
    if (hasFailed) process.stderr.write(`where it stood\n${whereabouts.join('\n\n')}\n`)
    else expect(complaints, 'no console error, no policy violation, no other origin').toEqual([])
  },
})

export { expect }
