import { Building2, Handshake, ListChecks, MessageSquareText, UserRound } from '@lucide/vue'
import type { Component } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import type { SearchMatch, SearchResult } from '@/api/types'

/** A kind of record that the search finds: its group, its sign, and the page that shows it. */
export interface ResultKind {
  /** Key of the group's name. */
  label: string
  icon: Component
  to: (result: SearchResult) => RouteLocationRaw
}

const atCustomer = (result: SearchResult): RouteLocationRaw => ({
  name: 'customer',
  params: { id: result.customer_id ?? result.id },
})

/** The kinds in their order. A further one is one line here. */
export const resultKinds: Readonly<Record<string, ResultKind>> = {
  customer: { label: 'nav.customers', icon: Building2, to: atCustomer },
  person: {
    label: 'nav.people',
    icon: UserRound,
    to: (result) => ({
      name: 'customer',
      params: { id: result.customer_id },
      query: { person: result.id },
    }),
  },
  deal: {
    label: 'nav.deals',
    icon: Handshake,
    to: (result) => ({ name: 'deal', params: { id: result.id } }),
  },
  task: {
    label: 'nav.tasks',
    icon: ListChecks,
    to: (result) => ({ name: 'tasks', query: { open: result.id } }),
  },
  contact: { label: 'search.contacts', icon: MessageSquareText, to: atCustomer },
}

/** A match in what the record is called, and the best one elsewhere. */
export function splitMatches(result: SearchResult): {
  title: SearchMatch | undefined
  other: SearchMatch | undefined
} {
  const title = result.matches.find(({ text }) => text === result.title)
  return { title, other: title ? undefined : result.matches[0] }
}

/** A text in pieces, those that matched marked. Ranges count characters, of which some take two units. */
export function pieces(text: string, ranges: readonly number[][]): { text: string; isMarked: boolean }[] {
  const characters = [...text]
  const found: { text: string; isMarked: boolean }[] = []
  let at = 0
  const add = (end: number, isMarked: boolean): void => {
    if (end > at) found.push({ text: characters.slice(at, end).join(''), isMarked })
    at = Math.max(at, end)
  }
  for (const [begin = 0, end = 0] of ranges) {
    add(begin, false)
    add(end, true)
  }
  add(characters.length, false)
  return found
}
