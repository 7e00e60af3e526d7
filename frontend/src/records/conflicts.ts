import { shallowRef } from 'vue'

/** Whose value of a field is kept. */
export type Choice = 'mine' | 'theirs'

/** One field that two people have changed. */
export interface ConflictField {
  field: string
  mine: unknown
  theirs: unknown
}

/** A field and a value in the reader's words. */
export interface FieldText {
  label: string
  value: string
}

/** What the conflict dialog shows. */
export interface Conflict {
  fields: (ConflictField & { text: FieldText; theirText: FieldText })[]
  changedAt: string | null
}

interface Question extends Conflict {
  answer(choices: Record<string, Choice> | null): void
}

/** The conflict that waits for an answer; the shell shows it as a dialog. */
export const openConflict = shallowRef<Question | null>(null)

let queue: Promise<unknown> = Promise.resolve()

/** Asks which value to keep, field by field; null when the person turned away. One question at a time. */
export function askConflict(conflict: Conflict): Promise<Record<string, Choice> | null> {
  const asked = queue.then(
    () =>
      new Promise<Record<string, Choice> | null>((resolve) => {
        openConflict.value = {
          ...conflict,
          answer(choices) {
            openConflict.value = null
            resolve(choices)
          },
        }
      }),
  )
  queue = asked
  return asked
}
