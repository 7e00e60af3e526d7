import type { Deal, Stage } from '@/api/types'
import { Problem } from '@/api/problem'
import { fieldOf } from '@/ui/useForm'

/** The fields that a stage asks for and that a deal has not got yet. */
export function missingFields(stage: Stage, deal: Deal): string[] {
  return stage.required_fields.filter((field) => {
    const value = (deal as unknown as Record<string, unknown>)[field]
    return (
      value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
    )
  })
}

/** The fields that the server asked for, when it refused a stage for want of them; else none. */
export function refusedFields(fault: unknown): string[] {
  if (!(fault instanceof Problem) || fault.status !== 422) return []
  const wanted = fault.errors.filter((error) => error.code === 'required_for_stage')
  return wanted.length === fault.errors.length ? wanted.map((error) => fieldOf(error.pointer ?? '')) : []
}
