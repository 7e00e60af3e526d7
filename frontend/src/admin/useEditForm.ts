import { useQueryClient } from '@tanstack/vue-query'
import type { Ref } from 'vue'
import { randomKey } from '@/api/key'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { AnyRecord, Resource, ResourceMap } from '@/api/types'
import { explain } from '@/i18n/problem'
import type { FieldText } from '@/records/conflicts'
import { useLive } from '@/records/context'
import { useSave, type Changes } from '@/records/save'
import { useForm } from '@/ui/useForm'

interface EditOptions<R extends Resource, T extends object> {
  resource: R
  /** The record as it was when the form was opened; null for a new one. */
  base: ResourceMap[R] | null
  initial: () => T
  /** What the server is to be told. */
  body: (values: T) => Changes
  describe: (field: string, value: unknown) => FieldText
  root: Ref<HTMLElement | null>
  /** @param receipt What was changed: offers the way back. */
  done: (record: ResourceMap[R], isNew: boolean, receipt: Receipt) => void
}

/** The fields of a body that differ from another one. */
export function changedFields(before: Changes, after: Changes): Changes {
  return Object.fromEntries(
    Object.entries(after).filter(
      ([field, value]) => JSON.stringify(value ?? null) !== JSON.stringify(before[field] ?? null),
    ),
  )
}

/** An empty text field is null to the server, spaces around it are nothing. */
export function textOrNull(text: string | null): string | null {
  return text?.trim() || null
}

/** A form that creates a record or sends what was changed in one; nothing is shown before the server agrees. */
export function useEditForm<R extends Resource, T extends object>(options: EditOptions<R, T>) {
  type Row = ResourceMap[R] & AnyRecord
  const { cache } = useLive()
  const queries = useQueryClient()
  const save = useSave(options.resource)
  const { resource, base } = options
  const before = options.body(options.initial())
  // One key for one intent: a lost answer cannot make the record twice.
  let key = randomKey()

  async function create(body: Changes, receipt: Receipt): Promise<Row> {
    const filled = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
    try {
      const record = await rest.post<Row>(`/${resource}`, filled, { idempotencyKey: key, receipt })
      cache.put(resource, record)
      return record
    } catch (fault) {
      // The server judged this body: the next try is another intent.
      if (fault instanceof Problem && !fault.isUnavailable) key = randomKey()
      throw fault
    }
  }

  return useForm<T>({
    initial: options.initial,
    explain,
    root: options.root,
    async submit(values) {
      const body = options.body(values)
      const receipt = new Receipt()
      let record: Row
      if (base) {
        const changes = changedFields(before, body)
        record =
          Object.keys(changes).length > 0
            ? await save(base as Row, changes, { describe: options.describe, isFirm: true, receipt })
            : (base as Row)
      } else {
        record = await create(body, receipt)
      }
      void queries.invalidateQueries({ queryKey: ['reference', resource] })
      options.done(record, base === null, receipt)
    },
  })
}
