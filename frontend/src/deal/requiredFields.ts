import type { Deal, Stage } from '@/api/types'
import { Problem } from '@/api/problem'
import { customPrefix, isCustom } from '@/records/listSpec'
import { fieldOf } from '@/ui/useForm'

/** Before the key of a custom field in the names of fields of a form. */
const inForms = 'custom/'

/** The key of a custom field that a form names; null for another field. */
export function customKey(field: string): string | null {
  return field.startsWith(inForms) ? field.slice(inForms.length) : null
}

/**
 * The fields that a stage asks for and that a deal has not got yet, as forms name them.
 *
 * @param custom The keys of the custom fields that take values: others are asked of nobody.
 */
export function missingFields(stage: Stage, deal: Deal, custom: readonly string[]): string[] {
  const values = { ...(deal.custom as Record<string, unknown> | null) }
  return stage.required_fields
    .filter((field) => !isCustom(field) || custom.includes(field.slice(customPrefix.length)))
    .filter((field) => {
      const value = isCustom(field)
        ? values[field.slice(customPrefix.length)]
        : (deal as unknown as Record<string, unknown>)[field]
      return (
        value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
      )
    })
    .map((field) => (isCustom(field) ? inForms + field.slice(customPrefix.length) : field))
}

/** The fields that the server asked for, when it refused a stage for want of them; else none. */
export function refusedFields(fault: unknown): string[] {
  if (!(fault instanceof Problem) || fault.status !== 422) return []
  const wanted = fault.errors.filter((error) => error.code === 'required_for_stage')
  return wanted.length === fault.errors.length ? wanted.map((error) => fieldOf(error.pointer ?? '')) : []
}
