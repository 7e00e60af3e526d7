import { t } from '@/i18n/i18n'

/** Keys of the word files by field. */
type Labels = Record<string, string>

const keysOf = (key: (name: string) => string, names: string): Labels =>
  Object.fromEntries(names.split(' ').map((name) => [name, key(name)]))
const ofOther = (name: string): string => `history.field.${name}`

const common: Labels = { is_active: 'undo.deletion', rank: 'undo.place', custom: 'undo.otherField' }

const labels: Record<string, Labels> = {
  customer: {
    kind: 'customer.kind',
    name: 'customer.name',
    short_name: 'customer.shortName',
    email: 'customer.email',
    phone: 'customer.phone',
    company: 'customer.company',
    title: 'customer.title',
    website: 'customer.website',
    industry: 'customer.industry',
    source: 'customer.source',
    source_detail: 'customer.sourceDetail',
    level: 'customer.level',
    status: 'customer.status',
    credit_rating: 'customer.creditRating',
    tags: 'customer.tags',
    address: 'customer.address',
    tax_id: 'customer.taxId',
    employee_count: 'customer.employeeCount',
    annual_revenue: 'customer.annualRevenue',
    description: 'customer.description',
    owner_id: 'customer.owner',
    collaborators: 'history.sharedWith',
    next_follow_up_at: 'customer.nextFollowUp',
    disqualify_reason: 'lead.reason',
    disqualify_note: 'lead.note',
    parent_id: 'merge.field.parent',
    merged_into_id: 'merge.field.into',
  },
  deal: {
    ...keysOf(
      (name) => `deal.field.${name}`,
      'name kind customer_id people pipeline_id stage_id amount amount_is_manual currency win_probability ' +
        'forecast_category lines opened_on expected_close_on closed_on lost_reason lost_note competitors ' +
        'next_step next_step_on source description owner_id',
    ),
    collaborators: 'history.sharedWith',
  },
  person: {
    ...keysOf(
      (name) => `person.field.${name}`,
      'name salutation title department emails phones wechat qq birthday address photo decision_role is_primary ' +
        'has_left do_not_call do_not_email description customer_id customers',
    ),
    merged_into_id: 'merge.field.into',
  },
  contact: keysOf(
    (name) => `contact.field.${name}`,
    'customer_id person_id deal_id user_id kind direction subject content outcome occurred_at duration_seconds ' +
      'next_step next_follow_up_at',
  ),
  task: keysOf(
    (name) => `task.field.${name}`,
    'kind subject description starts_at ends_at due_on due_at priority assignee_id participants customer_id ' +
      'person_id deal_id reminders done_at',
  ),
  product: keysOf(
    (name) => `admin.product.${name}`,
    'code name category series unit specification price currency tax_percent cost description',
  ),
  tag: keysOf(ofOther, 'name colour'),
  option: {
    ...keysOf(ofOther, 'label_zh label_en colour is_retired value'),
    rank: 'history.field.rank',
  },
  custom_field: keysOf(
    (name) => `admin.field.${name}`,
    'label_zh label_en help is_required is_searchable is_retired rank',
  ),
  attachment: keysOf(ofOther, 'name'),
  dashboard: { ...keysOf(ofOther, 'name tiles'), owner_id: 'customer.owner' },
  target: keysOf(ofOther, 'amount'),
  view: keysOf(
    (name) => `view.field.${name}`,
    'name kind visibility team_id owner_id filters where q sort group_by columns',
  ),
  settings: { duplicate_check: 'duplicate.title' },
  view_preference: keysOf((name) => `view.field.${name}`, 'is_pinned is_default'),
}

/**
 * What a field is called in the reader's language.
 *
 * @param resource Singular name, as the journal has it.
 * @param field As the API has it; an inner key (`address.city`) is called as the whole.
 * @returns Empty for inner keys of the server that have no name.
 */
export function fieldLabel(resource: string, field: string): string {
  const [head = field] = field.split('.')
  const key = labels[resource]?.[head] ?? common[head]
  return key ? t(key) : ''
}
