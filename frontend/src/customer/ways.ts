import type { Person } from '@/api/types'

/** A number or an address as it stands in a form. */
export interface Way {
  /** Such as `mobile` or `work`; the server's usual one where nothing is said. */
  kind: string | null
  text: string
  isPrimary: boolean
}

/** The numbers or addresses of a person for a form; an empty one where there is none yet. */
export function waysOf(person: Pick<Person, 'phones' | 'emails'> | null, name: 'phones' | 'emails'): Way[] {
  const found = (person?.[name] ?? []).map((entry) => ({
    kind: entry.kind,
    text: 'raw' in entry ? entry.raw : entry.address,
    isPrimary: entry.is_primary,
  }))
  return found.length > 0 ? found : [{ kind: null, text: '', isPrimary: true }]
}

/** What is left when those without a text are taken away; one is the primary one. */
export function filledWays(ways: readonly Way[]): Way[] {
  const filled = ways.map((way) => ({ ...way, text: way.text.trim() })).filter(({ text }) => text !== '')
  const primary = Math.max(
    filled.findIndex(({ isPrimary }) => isPrimary),
    0,
  )
  return filled.map((way, at) => ({ ...way, isPrimary: at === primary }))
}

/** The entries as the API takes them; null where nothing was changed. */
export function changedWays(
  person: Pick<Person, 'phones' | 'emails'> | null,
  name: 'phones' | 'emails',
  ways: readonly Way[],
): Record<string, unknown>[] | null {
  const wire = (list: readonly Way[]): Record<string, unknown>[] =>
    filledWays(list).map(({ kind, text, isPrimary }) => ({
      ...(kind === null ? {} : { kind }),
      [name === 'phones' ? 'raw' : 'address']: text,
      is_primary: isPrimary,
    }))
  const now = wire(ways)
  return JSON.stringify(now) === JSON.stringify(wire(waysOf(person, name))) ? null : now
}
