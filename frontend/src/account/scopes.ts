/** Rights that no token can have: it would make people, or rights. */
const inPerson = new Set(['user:write', 'role:write'])

/** What most programs need stands first. */
const daily = ['customer', 'contact', 'deal', 'task', 'attachment', 'product', 'report', 'journal', 'export']

/** The rights of one kind of record. */
export interface ScopeGroup {
  resource: string
  scopes: { value: string; action: string }[]
}

/** What somebody with these rights can give to a token, by kind of record, reading first. */
export function scopeGroups(permissions: readonly string[]): ScopeGroup[] {
  const groups = new Map<string, ScopeGroup>()
  for (const value of [...permissions].sort()) {
    if (inPerson.has(value)) continue
    const [resource = value, action = 'use'] = value.split(':')
    const group = groups.get(resource) ?? { resource, scopes: [] }
    groups.set(resource, group)
    group.scopes.push({ value, action })
  }
  const order = ['read', 'write']
  const place = (action: string): number => (order.indexOf(action) + order.length + 1) % (order.length + 1)
  for (const group of groups.values()) group.scopes.sort((a, b) => place(a.action) - place(b.action))
  const rank = ({ resource }: ScopeGroup): number => daily.indexOf(resource) + 1 || daily.length + 1
  return [...groups.values()].sort((a, b) => rank(a) - rank(b))
}
