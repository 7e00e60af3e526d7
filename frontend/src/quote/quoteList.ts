import type { Quote } from '@/api/types'
import { atLeast, atMost, oneOf, type ListSpec } from '@/records/listSpec'

export const statuses = ['draft', 'sent', 'accepted', 'refused', 'expired'] as const
export type QuoteStatus = (typeof statuses)[number]

/** The status of a quote now: a sent one expires by itself, also while somebody looks at it. */
export function statusOf(quote: Pick<Quote, 'status' | 'expires_at'>, now = Date.now()): QuoteStatus {
  const { status } = quote
  return status === 'sent' && Date.parse(quote.expires_at) <= now ? 'expired' : (status as QuoteStatus)
}

/** The colour of a status, the same on every screen. */
export const statusHue = {
  draft: 'gray',
  sent: 'blue',
  accepted: 'green',
  refused: 'red',
  expired: 'amber',
} as const

/** What a list of quotes can filter and sort, in the words of the contract. */
export const quoteList: ListSpec<'quotes'> = {
  resource: 'quotes',
  defaultSort: '-created_at',
  sorts: {
    number: (quote) => quote.number,
    status: (quote) => statusOf(quote),
    total: (quote) => quote.total,
    valid_until: (quote) => quote.valid_until,
    sent_at: (quote) => quote.sent_at,
    created_at: (quote) => quote.created_at,
    updated_at: (quote) => quote.updated_at,
  },
  filters: {
    deal_id: (quote, values) => oneOf(quote.deal_id, values),
    customer_id: (quote, values) => oneOf(quote.customer_id, values),
    status: (quote, values) => oneOf(statusOf(quote), values),
    superseded_by_id: (quote, values) => oneOf(quote.superseded_by_id, values),
    currency: (quote, values) => oneOf(quote.currency, values),
    total_min: (quote, values) => atLeast(quote.total, values),
    total_max: (quote, values) => atMost(quote.total, values),
    valid_until_from: (quote, values) => atLeast(quote.valid_until, values),
    valid_until_to: (quote, values) => atMost(quote.valid_until, values),
  },
  searched: (quote) => [quote.number, quote.deal?.name],
  // The owner is the deal's; only the server knows it.
  serverFilters: ['where', 'owner_id'],
}

/** The number with its revision, as people say it. */
export function numberOf(quote: Pick<Quote, 'number' | 'revision'>): string {
  return quote.revision > 1 ? `${quote.number} · R${quote.revision}` : quote.number
}
