import type { components } from './schema'

type Schemas = components['schemas']

/** The one place where the names of the generated schemas meet the names that screens use. */
export type Customer = Schemas['CustomerRecord']
export type Person = Schemas['PersonRecord']
export type Contact = Schemas['ContactRecord']
export type Task = Schemas['TaskRecord']
export type Deal = Schemas['DealRecord']
export type Attachment = Schemas['AttachmentRecord']
export type User = Schemas['UserRecord']
export type Team = Schemas['TeamRecord']
export type Tag = Schemas['TagRecord']
export type Option = Schemas['OptionRecord']
export type CustomField = Schemas['CustomFieldRecord']
export type Pipeline = Schemas['PipelineRecord']
export type Me = Schemas['Me']
export type Session = Schemas['Session']
export type AccessEntry = Schemas['AccessEntry']
export type BackupRun = Schemas['BackupRun']
export type Backups = Schemas['Backups']
export type SignInEvent = Schemas['SignInEvent']
export type SecurityOverview = Schemas['SecurityOverview']
export type RevealDays = Schemas['RevealDays']
export type Operations = Schemas['Operations']
export type Webhook = Schemas['WebhookRecord'] & { secret?: string }
export type WebhookDelivery = Schemas['Delivery']
export type WebhookAttempt = Schemas['Attempt']
export type WebhookSecret = Schemas['Secret']
export type EventTypes = Schemas['EventTypes']
export type RetentionPreview = Schemas['RetentionPreview']
export type ApiToken = Schemas['ApiToken']
export type SsoProvider = Schemas['SsoProvider']
export type Identity = Schemas['Identity']
export type IdentityPage = Schemas['IdentityPage']
export type Totp = Schemas['Totp']
export type TotpStart = Schemas['TotpStart']
export type RecoveryCodes = Schemas['RecoveryCodes']
export type PasswordLink = Schemas['PasswordLink']
export type LinkOpened = Schemas['LinkOpened']
export type Link = Schemas['Link']
export type TimelineEntry = Schemas['TimelineEntry']
/** What the server tells of a change. One that this tab made up itself has no version and no change set. */
export type LiveEvent = Omit<Schemas['Event'], 'version' | 'changeset_id'> & {
  version: number | null
  changeset_id: string | number | null
}
export type EventPage = Omit<Schemas['Events'], 'data'> & { data: LiveEvent[] }
export type TokenAnswer = Pick<Schemas['TokenAnswer'], 'access_token' | 'expires_in'>
export type Role = Schemas['RoleRecord']
/** The fields that a role can be kept from, by the kind of record. */
export type GuardedFields = Schemas['GuardedFields']
export type Permission = Role['permissions'][number]
export type Stage = Schemas['Stage']
export type Product = Schemas['ProductRecord']
export type Board = Schemas['Board']
export type BoardColumn = Schemas['BoardColumn']
export type SummaryFigures = Schemas['SummaryFigures']
export type HygieneReport = Schemas['HygieneReport']
export type SummaryReport = Schemas['SummaryReport']
export type Attainment = Schemas['Attainment']
export type AttainmentRow = Schemas['AttainmentRow']
export type AttainmentCell = Schemas['AttainmentCell']
export type PipelineRow = Schemas['PipelineRow']
export type PipelineReport = Schemas['PipelineReport']
export type Currencies = Schemas['Currencies']
export type Currency = Schemas['Currency']
export type ExchangeRate = Schemas['ExchangeRateRecord']
export type Dashboard = Schemas['DashboardRecord']
export type Tile = Schemas['Tile']
export type View = Schemas['ViewRecord']
export type ViewPreference = Schemas['ViewPreferenceRecord']
/** What the filters of a list can ask. */
export type ListField = Schemas['ListField']
export type DealLine = Schemas['DealLine']
export type Stay = Schemas['Stay']
export type Quote = Schemas['QuoteRecord']
export type QuoteLine = Schemas['QuoteLine']
export type Settings = Schemas['SettingsRecord']
export type Company = Schemas['CompanyRecord']
export type SellingEntity = Schemas['SellingEntity']
export type SearchAnswer = Schemas['Search']
export type SearchResult = Schemas['Result']
export type SearchMatch = Schemas['Match']
export type Job = Schemas['Job']
export type Changeset = Schemas['Changeset']
/** What a field was and became. */
export interface Sides {
  before?: unknown
  after?: unknown
}
/** One change of one record, as the journal tells it. */
export type Entry = Omit<Schemas['Entry'], 'changes'> & { changes: Record<string, Sides> }
export type Notification = Schemas['Notification']
export type Notifications = Schemas['Notifications']
export type Import = Schemas['Import']
export type ExportRequest = Schemas['ExportRequestInput']
export type ExportRecord = Schemas['ExportRecord']
export type ExportColumn = Schemas['ExportColumn']
export type ImportSummary = Schemas['ImportSummary']
export type ImportField = Schemas['Field']
export type ImportColumn = Schemas['Column']
export type ImportOptions = Schemas['Options']
export type ImportChange = Schemas['ImportChangePatch']

/** A customer that resembles another. */
export type DuplicateMatch = Schemas['Twin']
/** What a customer that is being entered resembles, and what follows from it. */
export type CheckedCustomer = Schemas['Checked']
/** Two customers that may be one. */
export type DuplicatePair = Schemas['PairRecord']
/** Two people that may be one. */
export type PersonPair = Schemas['PersonPairRecord']

/** What would go along with a customer that changes hands. */
export type TransferCounts = Schemas['Along']
/** Whose a record was for a while. */
export type Ownership = Schemas['Ownership']
/** Who stands in for a person, and for whom he or she stands in. */
export type Deputy = Schemas['Deputy']
/** What a person has that a successor would take over. */
export type Holdings = Schemas['Holdings']

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
  tasks: Task
  deals: Deal
  attachments: Attachment
  users: User
  teams: Team
  roles: Role
  tags: Tag
  options: Option
  'custom-fields': CustomField
  pipelines: Pipeline
  products: Product
  quotes: Quote
  dashboards: Dashboard
  views: View
  'view-preferences': ViewPreference
  'exchange-rates': ExchangeRate
}

/** Name of a list: the first segment of its path. */
export type Resource = keyof ResourceMap

/** What a list says about itself; `answered_at`: when, by the server's clock to the second, in ms. */
export type ListMeta = Partial<Schemas['ListMeta']> & { answered_at?: number }

/** A page of a list. */
export interface ListPage<T> {
  data: T[]
  meta: ListMeta
}
