import type { Company, SellingEntity } from '@/api/types'

const words = /\{(YYYY|YY|MM|DD|seq)\}/g

/** The first number that a pattern gives on a day; null when it is no pattern yet. */
export function numberLike(pattern: string, day: Date): string | null {
  if (pattern.split('{seq}').length !== 2 || /[{}\s]/.test(pattern.replace(words, ''))) return null
  const two = (value: number): string => String(value).padStart(2, '0')
  const parts: Record<string, string> = {
    YYYY: String(day.getFullYear()),
    YY: two(day.getFullYear() % 100),
    MM: two(day.getMonth() + 1),
    DD: two(day.getDate()),
    seq: '0001',
  }
  return pattern.replace(words, (_, word: string) => parts[word] ?? '')
}

/** An entity as it is written: the image stays unless `logo_data` says otherwise. */
export function written(entity: SellingEntity): Record<string, unknown> {
  const found: Record<string, unknown> = { ...entity }
  delete found['logo']
  return found
}

/** The entities with one of them changed, added (`id` null) or taken away (`changes` null). */
export function withEntity(
  company: Company,
  id: number | null,
  changes: Record<string, unknown> | null,
): Record<string, unknown>[] {
  const isDefault = changes?.['is_default'] === true
  const others = company.entities
    .filter((entity) => entity.id !== id)
    .map((entity) => ({ ...written(entity), ...(isDefault ? { is_default: false } : {}) }))
  if (changes === null) return others
  if (id === null) return [...others, changes]
  return company.entities.map((entity) =>
    entity.id === id
      ? { ...written(entity), ...changes }
      : { ...written(entity), ...(isDefault ? { is_default: false } : {}) },
  )
}

/** Reads a chosen file as base64. */
export function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'))
    reader.readAsDataURL(file)
  })
}

/** The largest image that the server takes. */
export const mostBytes = 512 * 1024
