import { useI18n } from 'vue-i18n'
import type { Webhook, WebhookAttempt } from '@/api/types'
import { splitType } from '@/realtime/events'
import { isTaken, stateOf } from './states'

/** What webhooks do, in words. */
export function useWebhookWords() {
  const { t } = useI18n()
  const resource = (name: string): string => t(`webhook.resource.${name}`)
  const action = (type: string): string => t(`webhook.action.${splitType(type).verb}`)

  return {
    resource,
    action,
    /** `deal.won` is “Deals: won”. */
    type: (type: string): string =>
      type === 'webhook.test'
        ? t('webhook.testMessage')
        : t('webhook.typed', { resource: resource(splitType(type).resource), action: action(type) }),
    state(webhook: Webhook): string {
      const state = stateOf(webhook)
      const count = state === 'failed' ? webhook.failed : webhook.waiting
      return t(`webhook.state.${state}`, { count }, count)
    },
    /** What came of an attempt, and what may be done about it. */
    outcome(attempt: WebhookAttempt): string {
      if (attempt.reason) return t(`webhook.reason.${attempt.reason}`)
      const { status } = attempt
      return t(isTaken(attempt) ? 'webhook.taken' : 'webhook.refused', { status: status ?? '' })
    },
  }
}
