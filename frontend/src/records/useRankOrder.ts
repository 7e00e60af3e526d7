import { useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Resource } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from './context'
import { toast } from '@/ui/toasts'
import { moved, rankChanges, type Ranked } from '@/ui/ordering'

const quietMs = 500

/** What is put into order. */
interface Ordering<T> {
  resource: Extract<Resource, 'options' | 'custom-fields' | 'view-preferences'>
  /** Names the list that a row stands in: another one begins anew. */
  listOf: (row: T) => string
  /** Tells that the order was changed. */
  told: () => string
  /** Writes the rank of one row, where that is not a change of its own record. */
  write?: (row: T, rank: number, receipt: Receipt) => Promise<unknown>
}

/** The order of ranked rows while it is being changed; several moves in a row are written once. */
export function useRankOrder<T extends Ranked & { version: number }>(
  rows: Ref<readonly T[]>,
  { resource, listOf, told, write: writeOne }: Ordering<T>,
) {
  const queries = useQueryClient()
  const { undo } = useLive()
  const wanted = ref<readonly number[] | null>(null)
  const busy = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  const ordered = computed(() => {
    const order = wanted.value
    if (!order) return rows.value
    const placeOf = (option: T): number => {
      const at = order.indexOf(option.id)
      // One that a colleague has added meanwhile stands at the end.
      return at < 0 ? order.length : at
    }
    return [...rows.value].sort((a, b) => placeOf(a) - placeOf(b))
  })

  async function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (!wanted.value || busy.value) return
    busy.value = true
    const sent = wanted.value
    const byId = new Map(rows.value.map((option) => [option.id, option]))
    const receipt = new Receipt()
    try {
      for (const [id, rank] of rankChanges(ordered.value)) {
        const row = byId.get(id)
        if (row && writeOne) await writeOne(row, rank, receipt)
        else await rest.patch(`/${resource}/${id}`, { rank }, { version: row?.version ?? null, receipt })
      }
      if (receipt.isFilled) undo.offer(told(), receipt, { key: 'reordered' })
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
      wanted.value = null
    }
    await queries.invalidateQueries({ queryKey: ['reference', resource] })
    busy.value = false
    if (wanted.value === sent) wanted.value = null
    else if (wanted.value) await write()
  }

  watch(
    () => rows.value[0] && listOf(rows.value[0]),
    (list, former) => {
      if (list !== former) wanted.value = null
    },
  )
  onScopeDispose(() => void write())

  return {
    ordered,
    move(from: number, to: number): void {
      wanted.value = moved(ordered.value, from, to).map((option) => option.id)
      clearTimeout(timer)
      timer = setTimeout(() => void write(), quietMs)
    },
  }
}
