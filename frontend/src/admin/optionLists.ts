/** The option lists of the product, in the order in which they are shown. */
export const optionLists = [
  'source',
  'level',
  'industry',
  'contact_kind',
  'outcome',
  'lost_reason',
  'disqualify_reason',
  'competitor',
  'decision_role',
  'product_category',
] as const

/** See {@link optionLists}. */
export type OptionListName = (typeof optionLists)[number]

/** Lists whose values the product knows: their labels, colours and order are the admin's, no more. */
export const fixedLists: ReadonlySet<string> = new Set(['contact_kind'])

/**
 * A value for a new option from its labels: Latin words joined by `_`; without any, the Chinese label itself, which
 * is as good a name and tells an integrator more than a number would.
 */
export function optionValue(labelZh: string, labelEn: string): string {
  const latin = labelEn
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return (latin || labelZh.trim() || labelEn.trim()).slice(0, 60)
}
