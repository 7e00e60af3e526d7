import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { rest } from '@/api/rest'
import type { Pipeline } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useSave, type Changes } from '@/records/save'
import { useForm } from '@/ui/useForm'
import { bodyOf, draftOf, movesOf, type PipelineDraft } from './pipelineDraft'
import { changedFields } from './useEditForm'
import { useTeams } from './useTeams'

const isAboutMoves = (fault: unknown): boolean =>
  fault instanceof Problem &&
  fault.errors.length > 0 &&
  fault.errors.every((error) => error.pointer?.startsWith('#/move_deals'))

/** A pipeline in its form: it follows the server until something is typed, then it waits to be saved. */
export function usePipelineForm(
  pipeline: () => Pipeline,
  root: Ref<HTMLElement | null>,
  done: (saved: Pipeline) => void,
) {
  const { t } = useI18n()
  const queries = useQueryClient()
  const save = useSave('pipelines')
  const teams = useTeams()
  // As it was when editing began, whatever arrives behind the form.
  const base = ref(pipeline()) as Ref<Pipeline>

  const form = useForm<PipelineDraft>({
    initial: () => draftOf(base.value),
    explain,
    root,
    async submit(values) {
      const changes = changedFields(bodyOf(draftOf(base.value)), bodyOf(values))
      const moves = movesOf(values)
      if (moves.length > 0) changes['move_deals'] = moves
      let saved = base.value
      try {
        if (Object.keys(changes).length > 0)
          saved = await save(base.value, changes, { describe, isFirm: true })
      } catch (fault) {
        if (!isAboutMoves(fault)) throw fault
        // The conflict was settled in favour of stages of which the moves know nothing.
        saved = await rest.get<Pipeline>(`/pipelines/${base.value.id}`)
      }
      void queries.invalidateQueries({ queryKey: ['reference', 'pipelines'] })
      follow(saved)
      done(saved)
    },
  })

  function describe(field: string, value: unknown): { label: string; value: string } {
    if (field === 'stages') {
      const names = (value as Changes[]).map((stage) => String(stage['name']))
      return { label: t('admin.pipeline.stages'), value: names.join(' → ') }
    }
    if (field === 'team_id')
      return { label: t('admin.user.team'), value: teams.nameOf(value as number | null) }
    return { label: field === 'name' ? t('admin.pipeline.name') : '', value: String(value ?? '') }
  }

  function follow(record: Pipeline): void {
    base.value = record
    form.reset()
  }

  /** Somebody else has saved while this form was being filled in. */
  const isBehind = computed(() => pipeline().version > base.value.version)
  watch(pipeline, (record) => {
    if (record.id !== base.value.id || (!form.isDirty.value && record.version >= base.value.version))
      follow(record)
  })

  return { form, isBehind, takeTheirs: () => follow(pipeline()), teams }
}
