import { inject, type App, type InjectionKey } from 'vue'
import type { LiveConnection } from '@/realtime/connection'
import type { Presence } from '@/realtime/presence'
import type { LiveCache } from './live'
import type { Undo } from './undo'

/** The live parts that pages share. */
export interface Live {
  connection: LiveConnection
  cache: LiveCache
  presence: Presence
  undo: Undo
}

const key: InjectionKey<Live> = Symbol('live')

/** Gives the application its live parts. */
export function provideLive(app: App, live: Live): void {
  app.provide(key, live)
}

/** The live parts, for composables. */
export function useLive(): Live {
  const live = inject(key)
  if (!live) throw new Error('provideLive() was not called')
  return live
}
