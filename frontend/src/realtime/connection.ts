import { ref, type Ref } from 'vue'
import type { EventPage } from '@/api/types'
import { Problem } from '@/api/problem'
import { Batch } from './batch'
import { splitType, type BulkEvent, type LiveEvent, type PushedEvent } from './events'

/** The part of a Socket.IO client that is used here. */
export interface LiveSocket {
  on(event: string, listener: (...args: never[]) => void): unknown
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown
  emit(event: string, ...args: unknown[]): unknown
  connect(): unknown
  disconnect(): unknown
  /** False once the server refused the connection: it is then not tried again by itself. */
  readonly active: boolean
}

/** What the connection needs from outside. */
export interface LiveParts {
  /** Makes a socket that is not connected yet; loads the library when first asked. */
  open(): Promise<LiveSocket>
  /** `GET /events`; without `after` it answers the watermark only. */
  events(after: string | null): Promise<EventPage>
  /** Gets a newer token; resolves false when there is none to be had. */
  renew(): Promise<boolean>
  token(): string | null
  /** Takes changes, in order, some of them twice. */
  deliver(events: LiveEvent[], bulk: BulkEvent[]): void
  /** What is shown can no longer be brought up to date by events: load it again. */
  reset(): void
}

/** `live`: pushes arrive. `polling`: no socket, `/events` is asked instead. */
export type LiveState = 'off' | 'connecting' | 'live' | 'polling'

interface Times {
  gate: number
  lost: number
  live: () => number
  polling: () => number
  retry: (attempt: number) => number
}

const defaultTimes: Times = {
  gate: 1500,
  lost: 5000,
  live: () => 30_000 + Math.random() * 30_000,
  polling: () => (document.hidden ? 60_000 : 10_000),
  retry: (attempt) => Math.min(30_000, 1000 * 2 ** attempt) * (0.5 + Math.random()),
}

// Who has lost a record is told no more than its id.
const bare = { version: null, changed: [], record: null, changeset_id: null, actor: null }

const own = new Set(['ready', 'auth_expiring', 'presence', 'notification', 'job_progress'])

/**
 * Keeps this tab where a fresh load would be.
 *
 * The resume point moves by `ready` and by the answers of `/events` only: a push may overtake an
 * earlier one, so resuming from a push would lose what it overtook. Everything may be delivered
 * twice; versions tell.
 */
export class LiveConnection {
  /** How changes reach this tab now. */
  readonly state: Ref<LiveState> = ref('off')
  /** True once pushes have been missing for five seconds. */
  readonly isLost = ref(false)

  private socket: LiveSocket | null = null
  private resume: string | null = null
  private running = 0
  private gate = Promise.resolve()
  private openGate: () => void = () => undefined
  private openedBlind = false
  private attempt = 0
  private catching: Promise<void> | null = null
  private catchAgain = false
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()
  private readonly times: Times
  private readonly batch: Batch<LiveEvent | BulkEvent>
  private readonly readyListeners = new Set<() => void>()
  private readonly listeners = new Map<string, Set<(payload: unknown) => void>>()

  constructor(
    private readonly parts: LiveParts,
    times: Partial<Times> = {},
  ) {
    this.times = { ...defaultTimes, ...times }
    this.batch = new Batch((items) => {
      const events = items.filter((item): item is LiveEvent => 'type' in item)
      const bulk = items.filter((item): item is BulkEvent => !('type' in item))
      this.parts.deliver(events, bulk)
    })
  }

  /**
   * Resolves when there is a resume point, so that what is loaded from now on has no gap before the
   * first event; at the latest after a moment, for a server without push must still show its lists.
   */
  ready(): Promise<void> {
    return this.gate
  }

  /** Begins: asks for the watermark at once, opens the socket beside it. */
  start(): void {
    if (this.state.value !== 'off') return
    const run = ++this.running
    this.state.value = 'connecting'
    this.gate = new Promise((resolve) => (this.openGate = resolve))
    this.after('gate', this.times.gate, () => {
      this.openedBlind = this.resume === null
      this.openGate()
    })
    this.after('lost', this.times.lost, () => (this.isLost.value = true))
    void this.catchUp()
    void this.connect(run)
  }

  /** Ends everything; what was collected and not delivered yet is dropped. */
  stop(): void {
    this.running += 1
    this.socket?.disconnect()
    this.socket = null
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
    this.batch.clear()
    this.resume = null
    this.openedBlind = false
    this.state.value = 'off'
    this.isLost.value = false
    this.openGate()
  }

  /** Tells the server about a renewed token. */
  authenticate(token: string): void {
    if (this.state.value === 'live') this.socket?.emit('authenticate', { token })
  }

  /** Sends a message; the acknowledgement, where one comes, is handed to `answer`. */
  send(event: string, payload: unknown, answer?: (reply: unknown) => void): void {
    if (this.state.value !== 'live') return
    if (answer) this.socket?.emit(event, payload, answer)
    else this.socket?.emit(event, payload)
  }

  /** Calls back each time the server is ready for us: rooms must be watched anew then. */
  onReady(listener: () => void): () => void {
    this.readyListeners.add(listener)
    return () => this.readyListeners.delete(listener)
  }

  /** Listens to what is not a change of a record: `presence`, `notification`, `job_progress`. */
  on(event: string, listener: (payload: unknown) => void): () => void {
    const set = this.listeners.get(event) ?? new Set()
    this.listeners.set(event, set.add(listener))
    return () => set.delete(listener)
  }

  /** Asks `/events` for what is missing; calls at the same time share one round. */
  catchUp(): Promise<void> {
    if (this.catching) {
      this.catchAgain = true
      return this.catching
    }
    const round = this.walk(this.running).finally(() => {
      this.catching = null
      this.schedule()
      if (this.catchAgain) {
        this.catchAgain = false
        void this.catchUp()
      }
    })
    this.catching = round
    return round
  }

  private async walk(run: number): Promise<void> {
    try {
      for (;;) {
        const after = this.resume
        const page = await this.parts.events(after)
        if (run !== this.running) return
        if (after === null) return this.settle(page.meta.watermark)
        this.batch.add(...page.data)
        this.resume = page.data.at(-1)?.cursor ?? page.meta.watermark
        if (!page.meta.has_more) return
      }
    } catch (fault) {
      if (run !== this.running || !(fault instanceof Problem) || fault.status !== 410) return
      // The point is too old: take a new one first, then load again, so that nothing falls between.
      this.resume = null
      const page = await this.parts.events(null).catch(() => null)
      if (run !== this.running) return
      this.openedBlind = true
      if (page) this.settle(page.meta.watermark)
    }
  }

  private settle(watermark: string): void {
    if (this.resume !== null) return
    this.resume = watermark
    this.clear('gate')
    this.openGate()
    // Something was loaded before there was a resume point: its gap cannot be known.
    if (this.openedBlind) this.parts.reset()
    this.openedBlind = false
  }

  private async connect(run: number): Promise<void> {
    try {
      const socket = await this.parts.open()
      if (run !== this.running) return
      this.socket = socket
      this.bind(socket, run)
      socket.connect()
    } catch {
      // The chunk did not load: polling carries on, and the next try may succeed.
      if (run === this.running) {
        this.fallBack()
        this.after('retry', this.times.retry(this.attempt++), () => void this.connect(run))
      }
    }
  }

  private bind(socket: LiveSocket, run: number): void {
    const current = (): boolean => run === this.running
    socket.on('ready', ({ watermark }: { watermark: string }) => {
      if (!current()) return
      this.attempt = 0
      this.state.value = 'live'
      this.isLost.value = false
      this.clear('lost')
      if (this.resume === null) this.settle(watermark)
      else void this.catchUp()
      for (const listener of [...this.readyListeners]) listener()
      this.schedule()
    })
    socket.on('auth_expiring', () => {
      // The session tells us about the new token, which goes out by authenticate().
      if (current()) void this.parts.renew().catch(() => false)
    })
    socket.on('disconnect', (reason: string) => {
      if (!current()) return
      this.fallBack()
      if (reason === 'io server disconnect') this.again(run, true)
    })
    socket.on('connect_error', (fault: Error) => {
      if (!current()) return
      this.fallBack()
      // Not for want of a token: what it is for is said to whoever asks for changes.
      if (fault.message === 'forbidden') void this.catchUp()
      // While `active` the library tries again by itself; a refusal ends that.
      if (!socket.active) this.again(run, /unauthori[sz]ed|token|expired/i.test(fault.message))
    })
    socket.onAny((name, payload) => {
      if (current()) this.take(name, payload)
    })
  }

  private take(name: string, payload: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) listener(payload)
    if (own.has(name) || typeof payload !== 'object' || payload === null) return
    const { resource, verb } = splitType(name)
    if (!resource) return
    if (verb === 'bulk') {
      const { changeset_id = null } = payload as { changeset_id?: number | null }
      this.batch.add({ resource, changeset_id })
    } else {
      this.batch.add({
        ...bare,
        at: new Date().toISOString(),
        ...(payload as PushedEvent),
        type: name,
        resource,
      })
    }
  }

  private again(run: number, needsToken: boolean): void {
    this.after('retry', this.times.retry(this.attempt++), async () => {
      if (needsToken && !(await this.parts.renew().catch(() => false))) return this.again(run, true)
      if (run === this.running) this.socket?.connect()
    })
  }

  private fallBack(): void {
    this.state.value = 'polling'
    if (!this.timers.has('lost') && !this.isLost.value) {
      this.after('lost', this.times.lost, () => (this.isLost.value = true))
    }
    this.schedule()
  }

  private schedule(): void {
    if (this.state.value === 'off') return
    const wait = this.state.value === 'live' ? this.times.live() : this.times.polling()
    this.after('poll', wait, () => void this.catchUp())
  }

  private after(name: string, ms: number, run: () => unknown): void {
    this.clear(name)
    this.timers.set(
      name,
      setTimeout(() => {
        this.timers.delete(name)
        run()
      }, ms),
    )
  }

  private clear(name: string): void {
    clearTimeout(this.timers.get(name))
    this.timers.delete(name)
  }
}
