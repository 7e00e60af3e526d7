import type { components } from './schema'

type Schemas = components['schemas']

/** The one place where the names of the generated schemas meet the names that screens use. */
export type Customer = Schemas['Customer']
export type Person = Schemas['Person']
export type Contact = Schemas['Contact']
export type Deal = Schemas['Deal']
export type User = Schemas['User']
export type Team = Schemas['Team']
export type Tag = Schemas['Tag']
export type Option = Schemas['Option']
export type Pipeline = Schemas['Pipeline']
export type Me = Schemas['Me']
export type Link = Schemas['Link']
export type TimelineEntry = Schemas['TimelineEntry']
export type DuplicateMatch = Schemas['DuplicateMatch']
export type LiveEvent = Schemas['Event']
export type EventPage = Schemas['EventPage']
export type TokenAnswer = Schemas['TokenAnswer']

/** What every record has, whatever else it is. */
export interface AnyRecord {
  id: number
  version?: number
  can_write?: boolean
}

/** The record behind each list of the contract. A new resource is one line here. */
export interface ResourceMap {
  customers: Customer
  people: Person
  contacts: Contact
  deals: Deal
  users: User
  teams: Team
  tags: Tag
  options: Option
  pipelines: Pipeline
}

/** Name of a list: the first segment of its path. */
export type Resource = keyof ResourceMap

/** What a list says about itself. */
export type ListMeta = Schemas['ListMeta']

/** A page of a list. */
export interface ListPage<T> {
  data: T[]
  meta: ListMeta
}
