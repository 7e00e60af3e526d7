import type { ExportRequest } from '@/api/types'

export type ExportFormat = ExportRequest['format']

const formats: readonly { value: ExportFormat; label: string }[] = [
  { value: 'xlsx', label: 'Excel' },
  { value: 'csv', label: 'CSV' },
  { value: 'jsonl', label: 'JSON Lines' },
  { value: 'vcf', label: 'vCard' },
]
const cards: readonly ExportRequest['resource'][] = ['customers', 'people']

/** What a resource can become; only people and customers are cards. */
export const formatsOf = (resource: ExportRequest['resource']): typeof formats =>
  formats.filter(({ value }) => value !== 'vcf' || cards.includes(resource))

/** What a format is called. */
export const formatLabel = (format: string): string =>
  formats.find(({ value }) => value === format)?.label ?? format
