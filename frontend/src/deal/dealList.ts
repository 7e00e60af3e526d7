import { atLeast, atMost, oneOf, type ListSpec } from '@/records/listSpec'

/** What a list of deals can filter and sort, in the words of the contract. */
export const dealList: ListSpec<'deals'> = {
  resource: 'deals',
  defaultSort: '-created_at',
  sorts: {
    name: (deal) => deal.name,
    amount: (deal) => deal.amount,
    win_probability: (deal) => deal.win_probability,
    expected_close_on: (deal) => deal.expected_close_on,
    opened_on: (deal) => deal.opened_on,
    closed_on: (deal) => deal.closed_on,
    next_step_on: (deal) => deal.next_step_on,
    stage_entered_at: (deal) => deal.stage_entered_at,
    stage_id: (deal) => deal.stage_id,
    state: (deal) => deal.state,
    created_at: (deal) => deal.created_at,
    updated_at: (deal) => deal.updated_at,
  },
  filters: {
    customer_id: (deal, values) => oneOf(deal.customer_id, values),
    owner_id: (deal, values) => oneOf(deal.owner_id, values),
    team_id: (deal, values) => oneOf(deal.team_id, values),
    stage_id: (deal, values) => oneOf(deal.stage_id, values),
    pipeline_id: (deal, values) => oneOf(deal.pipeline_id, values),
    state: (deal, values) => oneOf(deal.state, values),
    kind: (deal, values) => oneOf(deal.kind, values),
    forecast_category: (deal, values) => oneOf(deal.forecast_category, values),
    source: (deal, values) => oneOf(deal.source, values),
    lost_reason: (deal, values) => oneOf(deal.lost_reason, values),
    currency: (deal, values) => oneOf(deal.currency, values),
    amount_min: (deal, values) => atLeast(deal.amount, values),
    amount_max: (deal, values) => atMost(deal.amount, values),
    expected_close_from: (deal, values) => atLeast(deal.expected_close_on, values),
    expected_close_to: (deal, values) => atMost(deal.expected_close_on, values),
    next_step_on: (deal, values) => oneOf(deal.next_step_on, values),
    next_step_on_from: (deal, values) => atLeast(deal.next_step_on, values),
    next_step_on_to: (deal, values) => atMost(deal.next_step_on, values),
    opened_from: (deal, values) => atLeast(deal.opened_on, values),
    opened_to: (deal, values) => atMost(deal.opened_on, values),
    closed_from: (deal, values) => atLeast(deal.closed_on, values),
    closed_to: (deal, values) => atMost(deal.closed_on, values),
  },
  searched: (deal) => [deal.name],
  // Reports lead here with these; the dialog of filters does not offer them.
  serverFilters: ['where', 'stage_entered_before', 'product_id'],
}

/** The colour of a deal's state, the same on every screen. */
export const stateHue = { open: 'blue', won: 'green', lost: 'gray' } as const
