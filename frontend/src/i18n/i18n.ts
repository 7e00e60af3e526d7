import { nextTick, watch } from 'vue'
import { createI18n } from 'vue-i18n'
import type { LocaleName } from '@/session/preferences'

/** The words of the product, one lazily loaded file per language. */
export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  missingWarn: false,
  fallbackWarn: false,
  messages: {},
})

const files: Record<LocaleName, () => Promise<{ default: object }>> = {
  'zh-CN': () => import('./zh-CN.json'),
  en: () => import('./en.json'),
}

/** Words outside of components. */
export const t = (key: string, named: Record<string, unknown> = {}): string => i18n.global.t(key, named)

/** Switches the language; `lang` on the page decides which forms Han characters take. */
export async function setLocale(name: LocaleName): Promise<void> {
  if (!i18n.global.availableLocales.includes(name)) {
    i18n.global.setLocaleMessage(name, (await files[name]()).default)
  }
  i18n.global.locale.value = name
  document.documentElement.lang = name
  await nextTick()
}

/** Follows the person's choice of language. */
export function followLocale(choice: () => LocaleName): void {
  watch(choice, (name) => void setLocale(name))
}
