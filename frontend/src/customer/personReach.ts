import type { Person } from '@/api/types'
import { dialLink, mailLink } from './reach'

interface Way {
  text: string
  /** Dials or writes; undefined where the person asked not to be, or where only a few characters are told. */
  link: string | undefined
}

/** The numbers of a person, the primary one first. */
export function numbersOf(person: Pick<Person, 'phones' | 'do_not_call'>): Way[] {
  return primaryFirst(person.phones).map(({ raw, e164 }) => ({
    text: raw,
    link: person.do_not_call ? undefined : dialLink({ phone: raw, phone_e164: e164 }),
  }))
}

/** The e-mail addresses of a person, the primary one first. */
export function addressesOf(person: Pick<Person, 'emails' | 'do_not_email'>): Way[] {
  return primaryFirst(person.emails).map(({ address }) => ({
    text: address,
    link: person.do_not_email ? undefined : mailLink({ email: address }),
  }))
}

/** The link that dials a person's primary number. */
export function callLink(person: Pick<Person, 'phones' | 'do_not_call'>): string | undefined {
  return numbersOf(person)[0]?.link
}

/** The link that writes to a person's primary address. */
export function writeLink(person: Pick<Person, 'emails' | 'do_not_email'>): string | undefined {
  return addressesOf(person)[0]?.link
}

function primaryFirst<T extends { is_primary: boolean }>(entries: readonly T[] | null | undefined): T[] {
  return [...(entries ?? [])].sort((a, b) => Number(b.is_primary) - Number(a.is_primary))
}
