import { nextTick, watch } from 'vue'
import { createI18n } from 'vue-i18n'
import type { LocaleName } from '@/session/preferences'

/** The words of the product, loaded lazily: one language, and of it first what the daily round of selling speaks. */
export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  missingWarn: false,
  fallbackWarn: false,
  messages: {},
})

interface Parts {
  first: () => Promise<{ default: object }>
  later: () => Promise<{ default: object }>
}
const files: Record<LocaleName, Parts> = {
  'zh-CN': {
    first: () => import('virtual:words/zh-CN/first'),
    later: () => import('virtual:words/zh-CN/later'),
  },
  en: { first: () => import('virtual:words/en/first'), later: () => import('virtual:words/en/later') },
}
/** Languages that are whole. */
const whole = new Set<LocaleName>()

/** Words outside of components. */
export const t = (key: string, named: Record<string, unknown> = {}): string => i18n.global.t(key, named)

/** Loads what administration, reports and imports say in the present language too. */
export async function loadAllWords(name: LocaleName = i18n.global.locale.value as LocaleName): Promise<void> {
  if (whole.has(name)) return
  const words = (await files[name].later()).default
  i18n.global.mergeLocaleMessage(name, words)
  whole.add(name)
}

/** Switches the language; `lang` on the page decides which forms Han characters take. */
export async function setLocale(name: LocaleName): Promise<void> {
  if (!i18n.global.availableLocales.includes(name)) {
    i18n.global.setLocaleMessage(name, (await files[name].first()).default)
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
