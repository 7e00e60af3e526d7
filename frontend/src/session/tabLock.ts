import { randomKey } from '@/api/key'

/** Runs one task at a time over all tabs of this origin. */
export type TabLock = <T>(task: () => Promise<T>) => Promise<T>

type Word =
  | { say: 'want'; from: string; ticket: number }
  | { say: 'no'; from: string; to: string }
  | { say: 'free'; from: string }

/** The part of BroadcastChannel that the election needs. */
export interface Channel {
  postMessage(word: unknown): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}

interface Times {
  /** How long to wait for an objection. */
  objection: number
  /** When a silent holder counts as gone. */
  patience: number
}

/**
 * An election over a BroadcastChannel, for pages without `navigator.locks` (plain http on a LAN).
 *
 * A tab that wants the lock says so with a ticket. Whoever holds it, or wants it with an older
 * ticket, objects at once; no objection within a moment means that the lock is ours. A holder that
 * was closed never says "free", hence the patience.
 */
export function electionLock(channel: Channel, times: Times = { objection: 120, patience: 8000 }): TabLock {
  const me = randomKey()
  let holding = false
  let ticket: number | null = null
  let refuse: (() => void) | null = null
  let wake: (() => void) | null = null

  channel.addEventListener('message', (event) => {
    const word = event.data as Word
    if (word.from === me) return
    if (word.say === 'want') {
      const mineIsOlder =
        ticket !== null && (ticket < word.ticket || (ticket === word.ticket && me < word.from))
      if (holding || mineIsOlder) channel.postMessage({ say: 'no', from: me, to: word.from })
    } else if (word.say === 'no') {
      if (word.to === me) refuse?.()
    } else {
      wake?.()
    }
  })

  async function win(): Promise<boolean> {
    const mine = ticket ?? Date.now()
    ticket = mine
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        refuse = null
        resolve(true)
      }, times.objection)
      refuse = () => {
        clearTimeout(timer)
        refuse = null
        resolve(false)
      }
      channel.postMessage({ say: 'want', from: me, ticket: mine })
    })
  }

  async function acquire(): Promise<void> {
    const deadline = Date.now() + times.patience
    while (!(await win())) {
      if (Date.now() >= deadline) break
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, times.patience / 8)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      wake = null
    }
    holding = true
  }

  let queue: Promise<unknown> = Promise.resolve()
  return (task) => {
    const run = async (): ReturnType<typeof task> => {
      await acquire()
      try {
        return await task()
      } finally {
        holding = false
        ticket = null
        channel.postMessage({ say: 'free', from: me })
      }
    }
    const result = queue.then(run, run)
    queue = result.catch(() => undefined)
    return result
  }
}

/** The best lock that this page may use. */
export function tabLock(name: string): TabLock {
  // Typed as always there, yet absent outside secure contexts.
  const locks = navigator.locks as LockManager | null | undefined
  if (locks) return (task) => locks.request(name, task) as ReturnType<typeof task>
  if (typeof BroadcastChannel !== 'undefined') return electionLock(new BroadcastChannel(name))
  return (task) => task()
}
