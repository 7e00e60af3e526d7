import type { Page } from '@playwright/test'

interface Point {
  x: number
  y: number
}

/** Presses a finger, holds it, moves it and lets go. */
export async function dragByFinger(page: Page, from: Point, to: Point): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: Point): Promise<unknown> =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] })
  await send('touchStart', from)
  await page.waitForTimeout(450)
  for (let step = 1; step <= 10; step += 1) {
    await send('touchMove', {
      x: from.x + ((to.x - from.x) * step) / 10,
      y: from.y + ((to.y - from.y) * step) / 10,
    })
    await page.waitForTimeout(25)
  }
  await send('touchEnd')
  await devtools.detach()
}
