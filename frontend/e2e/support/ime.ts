import type { Page } from '@playwright/test'

/** Types Chinese the way an input method does: letters are composed, then replaced by the words. */
export async function compose(page: Page, letters: string, words: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  for (let end = 1; end <= letters.length; end += 1) {
    await devtools.send('Input.imeSetComposition', {
      text: letters.slice(0, end),
      selectionStart: end,
      selectionEnd: end,
    })
    await page.waitForTimeout(60)
  }
  // What stands in the box while composing must have had its chance to be searched by mistake.
  await page.waitForTimeout(150)
  await devtools.send('Input.insertText', { text: words })
  await devtools.detach()
}
