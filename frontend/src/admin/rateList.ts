import { atLeast, atMost, oneOf, type ListSpec } from '@/records/listSpec'

/** What currencies were worth, from which day on. */
export const rateList: ListSpec<'exchange-rates'> = {
  resource: 'exchange-rates',
  defaultSort: 'currency,-valid_on',
  sorts: { currency: (rate) => rate.currency, valid_on: (rate) => rate.valid_on },
  filters: {
    currency: (rate, values) => oneOf(rate.currency, values),
    base_currency: (rate, values) => oneOf(rate.base_currency, values),
    valid_from: (rate, values) => atLeast(rate.valid_on, values),
    valid_to: (rate, values) => atMost(rate.valid_on, values),
    deleted: () => true,
  },
  searched: (rate) => [rate.currency],
}
