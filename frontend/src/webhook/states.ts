import type { Webhook, WebhookAttempt } from '@/api/types'
import type { Hue } from '@/ui/tokens'

export type WebhookState = 'gone' | 'off' | 'failed' | 'waiting' | 'works' | 'fresh'

/** How a webhook fares, the worst first. */
export function stateOf(webhook: Webhook): WebhookState {
  if (!webhook.is_enabled) return webhook.disabled_because ? 'gone' : 'off'
  if (webhook.failed > 0) return 'failed'
  if (webhook.waiting > 0) return 'waiting'
  return webhook.last_done_at ? 'works' : 'fresh'
}

export const stateHues: Record<WebhookState, Hue> = {
  gone: 'red',
  off: 'gray',
  failed: 'red',
  waiting: 'amber',
  works: 'green',
  fresh: 'blue',
}

export const deliveryHues = { waiting: 'amber', done: 'green', failed: 'red' } as const satisfies Record<
  string,
  Hue
>

/** Whether the receiver took the message. */
export function isTaken({ status }: Pick<WebhookAttempt, 'status'>): boolean {
  return status !== null && status >= 200 && status < 300
}

/** The types of one kind of record among those that were chosen, or all of them: a box that ticks the row. */
export function withAll(chosen: readonly string[], types: readonly string[], isWanted: boolean): string[] {
  const others = chosen.filter((type) => !types.includes(type))
  return isWanted ? [...others, ...types] : others
}
