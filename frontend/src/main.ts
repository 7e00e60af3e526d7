import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { Problem } from './api/problem'
import { followLocale, i18n, setLocale } from './i18n/i18n'
import { createAppRouter } from './layout/router'
import { createLive } from './live'
import { provideLive } from './records/context'
import { createQueryClient } from './records/queryClient'
import { usePreferences } from './session/preferences'
import { useSession } from './session/session'
import { listenForShortcuts } from './ui/shortcuts'
import './ui/app.css'

// A tab from before an update asks for chunks that are gone: one reload brings the new ones.
window.addEventListener('vite:preloadError', (event) => {
  const key = 'lianxi.reloaded-at'
  const last = Number(sessionStorage.getItem(key) ?? 0)
  if (Date.now() - last < 30_000) return
  event.preventDefault()
  sessionStorage.setItem(key, String(Date.now()))
  location.reload()
})

const app = createApp(App)
const queries = createQueryClient()
app.use(createPinia())
app.use(VueQueryPlugin, { queryClient: queries })
app.use(i18n)

const preferences = usePreferences()
const session = useSession()
provideLive(app, createLive(queries))
listenForShortcuts(() => preferences.singleKeys)
followLocale(() => preferences.locale)

async function restore(): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await session.restore()
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault
      await import('./layout/unreachable').then(({ showUnreachable }) => showUnreachable(fault, attempt))
    }
  }
}

async function start(): Promise<void> {
  await setLocale(preferences.locale)
  await restore()
  await setLocale(preferences.locale)
  app.use(createAppRouter())
  app.mount('#app')
}

void start()
