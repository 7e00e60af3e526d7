import { Problem } from '@/api/problem'
import { SaveCancelled } from '@/records/cancelled'
import { t } from './i18n'

const told = ({ errors }: Problem): string => errors.map((error) => error.detail).join(' ')

/** What to tell a person about a fault; null when there is nothing to tell. */
export function explain(fault: unknown): string | null {
  if (fault instanceof SaveCancelled) return null
  if (!(fault instanceof Problem)) return t('problem.unknown')
  if (fault.status === 0 || fault.status === 502 || fault.status === 504) return t('problem.unreachable')
  if (fault.status === 429) return t('problem.throttled', { seconds: fault.retryAfterSeconds ?? 1 })
  // What the server names itself is no riddle, such as a file that nobody can check for viruses now.
  if (fault.status === 503 && fault.errors.length > 0) return told(fault)
  if (fault.status >= 500) {
    return fault.requestId ? t('problem.serverWithId', { id: fault.requestId }) : t('problem.server')
  }
  if (fault.errors.length > 0) return told(fault)
  return fault.isExplained ? fault.message : t('problem.unknown')
}

/** The same for a change of some fields: about one of these alone where the server names one. */
export function explainChange(fault: unknown, changes: object): string | null {
  const errors = fault instanceof Problem ? fault.errors : []
  const own = errors.find(({ pointer }) => pointer !== undefined && (pointer.split('/')[1] ?? '') in changes)
  return own?.detail ?? explain(fault)
}
