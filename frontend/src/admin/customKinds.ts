import {
  Calendar,
  CircleDollarSign,
  Hash,
  Link,
  List,
  ListChecks,
  ToggleLeft,
  Type,
  UserRound,
} from '@lucide/vue'
import type { Component } from 'vue'
import type { CustomField } from '@/api/types'

/** What the values of a custom field can be, with a sign for each. */
export const customKinds: readonly { kind: CustomField['kind']; icon: Component }[] = [
  { kind: 'text', icon: Type },
  { kind: 'number', icon: Hash },
  { kind: 'money', icon: CircleDollarSign },
  { kind: 'date', icon: Calendar },
  { kind: 'choice', icon: List },
  { kind: 'multi_choice', icon: ListChecks },
  { kind: 'yes_no', icon: ToggleLeft },
  { kind: 'link', icon: Link },
  { kind: 'user', icon: UserRound },
]

/** The kinds of record that fields are added to, in the order in which they are shown. */
export const customResources = [
  'customers',
  'people',
  'contacts',
  'deals',
  'products',
] as const satisfies readonly CustomField['resource'][]

/** The sign of a kind. */
export function customIcon(kind: CustomField['kind']): Component {
  return customKinds.find((one) => one.kind === kind)?.icon ?? Type
}
