import { shallowRef } from 'vue'
import type { Deal, Stage } from '@/api/types'
import type { Changes } from '@/records/save'

/** Why a deal was lost. */
export interface LossReason {
  reason: string
  note: string | null
  closed_on: string | null
}

/** Something to ask before a deal can go on. */
export type Question =
  | { kind: 'loss'; deal: Deal; count?: number; answer(value: LossReason | null): void }
  | {
      kind: 'fields'
      deal: Deal
      stage: Stage
      fields: readonly string[]
      /** Stores what was filled in; what it throws is shown on the fields. */
      save(changes: Changes): Promise<Deal>
      answer(value: Deal | null): void
    }
  | { kind: 'stage'; deal: Deal; stages: readonly Stage[]; count?: number; answer(value: Stage | null): void }

/** The question that waits for an answer; DealQuestions shows it. */
export const openQuestion = shallowRef<Question | null>(null)

type Unanswered<T> = T extends Question ? Omit<T, 'answer'> : never
type AnswerTo<K extends Question['kind']> = Parameters<Extract<Question, { kind: K }>['answer']>[0]

let queue: Promise<unknown> = Promise.resolve()

/** Asks one thing at a time; null when the person turned away. */
export function ask<K extends Question['kind']>(
  question: Extract<Unanswered<Question>, { kind: K }>,
): Promise<AnswerTo<K>> {
  const asked = queue.then(
    () =>
      new Promise<AnswerTo<K>>((resolve) => {
        openQuestion.value = {
          ...question,
          answer(value: AnswerTo<K>) {
            openQuestion.value = null
            resolve(value)
          },
        } as unknown as Question
      }),
  )
  queue = asked
  return asked
}
