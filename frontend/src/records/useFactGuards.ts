import { useI18n } from 'vue-i18n'
import { rest } from '@/api/rest'
import { explain } from '@/i18n/problem'
import type { FieldGuard } from '@/ui/fieldGuard'
import { toast } from '@/ui/toasts'
import { useFieldGuard } from './useFieldGuard'

interface Shown {
  id: number
  masked_fields?: string[] | undefined
}

/** What the signed-in person may do with single facts of a record, and how a masked one is shown whole. */
export function useFactGuards(resource: string) {
  const { t } = useI18n()
  const fields = useFieldGuard(resource)

  /**
   * The guard of a fact.
   *
   * @param name What the fact is called on the screen.
   * @param show The text of a value, where that is more than a text.
   */
  function of(
    record: Shown | null,
    field: string,
    name: string,
    show: (value: unknown) => string = (value) => String(value ?? ''),
  ): FieldGuard {
    return {
      isClosed: fields.isClosed(field),
      isMasked: record?.masked_fields?.includes(field) ?? false,
      labels: { reveal: t('field.reveal', { name }), conceal: t('field.conceal', { name }) },
      async reveal() {
        try {
          const { value } = await rest.post<{ value: unknown }>(`/${resource}/${record?.id}/reveal`, {
            field,
          })
          return show(value)
        } catch (fault) {
          toast(explain(fault) ?? '', { tone: 'error' })
          return null
        }
      },
    }
  }

  return { ...fields, of }
}
