import { Building2, Sprout } from '@lucide/vue'
import type { Component } from 'vue'
import type { ListChoice } from '@/records/listState'
import { customerList } from './customerList'

/** A view of the customers: what it fixes, what it offers, and its words as keys of the word files. */
export interface CustomerView {
  name: 'customers' | 'leads'
  sort: string
  fixed: ListChoice['filters']
  filters: readonly CustomerFilter[]
  /** The columns that come first and are shown until the person chooses otherwise; left out, each column says it. */
  first?: readonly string[]
  /** A last column holds what can be done with each row. */
  hasActions: boolean
  isImported: boolean
  words: { title: string; search: string; create: string; none: string; noneText: string }
  icon: Component
}

/** What customers can be filtered by, as chips. */
export type CustomerFilter =
  'status' | 'owner_id' | 'level' | 'tag' | 'source' | 'industry' | 'disqualify_reason'

/** All customers. */
export const allCustomers: CustomerView = {
  name: 'customers',
  sort: customerList.defaultSort,
  fixed: {},
  filters: ['status', 'owner_id', 'level', 'tag', 'source', 'industry', 'disqualify_reason'],
  hasActions: false,
  isImported: true,
  words: {
    title: 'nav.customers',
    search: 'customer.search',
    create: 'customer.new',
    none: 'customer.none',
    noneText: 'customer.noneText',
  },
  icon: Building2,
}

/** The customers that are leads, the newest first, each to be qualified or given up. */
export const leads: CustomerView = {
  name: 'leads',
  sort: '-created_at',
  fixed: { status: ['lead'] },
  filters: ['source', 'owner_id', 'industry'],
  first: ['name', 'source', 'owner', 'phone', 'created_at', 'first_contacted_at', 'age'],
  hasActions: true,
  isImported: false,
  words: {
    title: 'nav.leads',
    search: 'lead.search',
    create: 'lead.new',
    none: 'lead.none',
    noneText: 'lead.noneText',
  },
  icon: Sprout,
}
