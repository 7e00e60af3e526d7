import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { useMediaQuery } from '@/ui/media'
import { readStored, writeStored } from '@/ui/storage'

/** The languages of the product. */
export type LocaleName = 'zh-CN' | 'en'
/** What a person chose; `system` follows the device. */
export type Theme = 'light' | 'dark' | 'system'
/** Row height: 36 or 44 px. */
export type Density = 'compact' | 'comfortable'

interface Saved {
  theme?: Theme
  density?: Density
  locale?: LocaleName
  sidebar?: 'open' | 'closed'
  singleKeys?: boolean
}

// theme-boot.js reads the same entry before the first paint.
const entry = 'preferences'

/** The language that the browser asks for, for people who have not chosen yet. */
export function browserLocale(): LocaleName {
  return /^zh/i.test(navigator.language) ? 'zh-CN' : 'en'
}

/** Choices of this person on this device. */
export const usePreferences = defineStore('preferences', () => {
  const saved = readStored<Saved>(entry) ?? {}
  const theme = ref<Theme>(saved.theme ?? 'system')
  const density = ref<Density>(saved.density ?? 'compact')
  const chosenLocale = ref<LocaleName | null>(saved.locale ?? null)
  /** The language that goes with the account; a choice made on this device comes first. */
  const accountLocale = ref<LocaleName | null>(null)
  const locale = computed<LocaleName>({
    get: () => chosenLocale.value ?? accountLocale.value ?? browserLocale(),
    set: (name) => (chosenLocale.value = name),
  })
  const isSidebarOpen = ref(saved.sidebar !== 'closed')
  const singleKeys = ref(saved.singleKeys ?? true)

  const systemIsDark = useMediaQuery('(prefers-color-scheme: dark)')
  const isDark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value))

  watch(
    [theme, density, chosenLocale, isSidebarOpen, singleKeys],
    () => {
      const state: Saved = {
        theme: theme.value,
        density: density.value,
        ...(chosenLocale.value ? { locale: chosenLocale.value } : {}),
        sidebar: isSidebarOpen.value ? 'open' : 'closed',
        singleKeys: singleKeys.value,
      }
      writeStored(entry, state)
    },
    { flush: 'sync' },
  )
  watch(
    [isDark, density],
    () => {
      document.documentElement.classList.toggle('dark', isDark.value)
      document.documentElement.dataset['density'] = density.value
    },
    { immediate: true },
  )

  return { theme, density, locale, accountLocale, isSidebarOpen, singleKeys, isDark }
})
