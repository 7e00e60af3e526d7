import type { Role } from '@/api/types'

type Rules = Role['fields']

/** How many fields a role has less of. */
export const narrowed = (rules: Rules): number =>
  Object.values(rules).reduce((all, names) => all + Object.keys(names).length, 0)

/** One field of which an edit changes the state; empty where it is like everybody's. */
export interface FieldChange {
  resource: string
  field: string
  before: string
  after: string
}

/** The fields of which an edit changes the state. */
export function fieldChanges(before: Rules, after: Rules): FieldChange[] {
  const stateOf = (rules: Rules, resource: string, field: string): string => rules[resource]?.[field] ?? ''
  const keys = new Set(
    [before, after].flatMap((rules) =>
      Object.entries(rules).flatMap(([resource, names]) =>
        Object.keys(names).map((field) => `${resource} ${field}`),
      ),
    ),
  )
  return [...keys]
    .map((key) => {
      const [resource = '', field = ''] = key.split(' ')
      return {
        resource,
        field,
        before: stateOf(before, resource, field),
        after: stateOf(after, resource, field),
      }
    })
    .filter((change) => change.before !== change.after)
}
