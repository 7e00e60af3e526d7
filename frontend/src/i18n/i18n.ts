import { nextTick, watch } from 'vue'
import { createI18n } from 'vue-i18n'
import type words from 'virtual:words/en/first'
import type { LocaleName } from '@/session/preferences'

/** The words of the product, loaded lazily: one language, and of it first what the daily round of selling speaks. */
export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  missingWarn: false,
  fallbackWarn: false,
  messages: {},
})

type Words = typeof words
interface Parts {
  first: () => Promise<{ default: Words }>
  later: () => Promise<{ default: Words }>
}
const files: Record<LocaleName, Parts> = {
  'zh-CN': {
    first: () => import('virtual:words/zh-CN/first'),
    later: () => import('virtual:words/zh-CN/later'),
  },
  en: { first: () => import('virtual:words/en/first'), later: () => import('virtual:words/en/later') },
}
/** A part of the words in the form that is read without a compiler: a message of type 0, with a body of parts of type 2. */
const readable = (words: Words): object =>
  Object.fromEntries(
    Object.entries(words).map(([key, value]) => [
      key,
      typeof value === 'string'
        ? { t: 0, b: { t: 2, s: value } }
        : typeof value['t'] === 'number'
          ? value
          : readable(value),
    ]),
  )

/** Languages that are whole. */
const whole = new Set<LocaleName>()

/** Words outside of components. */
export const t = (key: string, named: Record<string, unknown> = {}): string => i18n.global.t(key, named)

/** Loads what administration, reports and imports say in the present language too. */
export async function loadAllWords(name: LocaleName = i18n.global.locale.value as LocaleName): Promise<void> {
  if (whole.has(name)) return
  const words = (await files[name].later()).default
  i18n.global.mergeLocaleMessage(name, readable(words))
  whole.add(name)
}

/** Switches the language; `lang` on the page decides which forms Han characters take. */
export async function setLocale(name: LocaleName): Promise<void> {
  if (!i18n.global.availableLocales.includes(name)) {
    i18n.global.setLocaleMessage(name, readable((await files[name].first()).default))
  }
  // A page that speaks them all may be open.
  if (whole.size > 0) await loadAllWords(name)
  i18n.global.locale.value = name
  document.documentElement.lang = name
  await nextTick()
}

/** Follows the person's choice of language. */
export function followLocale(choice: () => LocaleName): void {
  watch(choice, (name) => void setLocale(name))
}
