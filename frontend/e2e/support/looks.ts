import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { desk, phone, type View } from './actor'
import { expectAccessible } from './axe'
import type { Language } from './cast'

const folder = fileURLToPath(new URL('../../../artifacts/screens/', import.meta.url))

/** Whether pictures are wanted, in all looks: `SCREENS=1 npm run test:e2e`; they go to `artifacts/screens`. */
const isPictured = Boolean(process.env['SCREENS'])

const all: [language: Language, size: 'wide' | 'phone', view: View][] = [
  ['en', 'wide', desk],
  ['zh-CN', 'phone', phone],
  ['zh-CN', 'wide', desk],
  ['en', 'phone', phone],
]

/**
 * The languages and sizes in which pages are looked at. Structure and colours do not depend on the language, so two
 * tell of all four; the others are there for pictures.
 */
export const looks = isPictured ? all : all.slice(0, 2)

/** Keeps a picture of the page as it is, animations at their end. */
export async function shot(page: Page, name: string): Promise<void> {
  if (!isPictured) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled', caret: 'hide' })
}

/** Judges and pictures a page in light and in dark; it is light again afterwards. */
export async function judgeByDayAndNight(page: Page, name: string): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await expectAccessible(page, `${name}, ${scheme}`)
    await shot(page, `${name}-${scheme}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}
