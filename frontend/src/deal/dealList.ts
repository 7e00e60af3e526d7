import { atLeast, atMost, oneOf, type ListSpec } from '@/records/listSpec'

/** What a list of deals can filter and sort, in the words of the contract. */
export const dealList: ListSpec<'deals'> = {
  resource: 'deals',
  defaultSort: '-created_at',
  sorts: {
    name: (deal) => deal.name,
    amount: (deal) => deal.amount,
    expected_close_on: (deal) => deal.expected_close_on,
    created_at: (deal) => deal.created_at,
    updated_at: (deal) => deal.updated_at,
  },
  filters: {
    customer_id: (deal, values) => oneOf(deal.customer_id, values),
    owner_id: (deal, values) => oneOf(deal.owner_id, values),
    stage_id: (deal, values) => oneOf(deal.stage_id, values),
    pipeline_id: (deal, values) => oneOf(deal.pipeline_id, values),
    state: (deal, values) => oneOf(deal.state, values),
    amount_min: (deal, values) => atLeast(deal.amount, values),
    amount_max: (deal, values) => atMost(deal.amount, values),
  },
  searched: (deal) => [deal.name, deal.customer?.name],
}
