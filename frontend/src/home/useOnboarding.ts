import { useQuery } from '@tanstack/vue-query'
import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'
import { rest } from '@/api/rest'
import type { ListPage, Resource } from '@/api/types'
import { useLive } from '@/records/context'
import { useSession } from '@/session/session'
import { readStored, writeStored } from '@/ui/storage'

/** The first steps with the product, in their order. */
export type StepName = 'customer' | 'deal' | 'colleague'
/** A step and whether it was taken. */
export interface Step {
  name: StepName
  isDone: boolean
}

/** Which steps are shown to a person, and which are taken. */
export function stepsOf(
  counts: { customers: number; deals: number; users: number },
  can: (permission: string) => boolean,
): Step[] {
  const steps: (Step & { permission: string })[] = [
    { name: 'customer', isDone: counts.customers > 0, permission: 'customer:write' },
    { name: 'deal', isDone: counts.deals > 0, permission: 'deal:write' },
    { name: 'colleague', isDone: counts.users > 1, permission: 'user:write' },
  ]
  return steps.filter((step) => can(step.permission)).map(({ name, isDone }) => ({ name, isDone }))
}

/** The steps of a new installation; once taken or put away they are asked for no more. */
export function useOnboarding() {
  const session = useSession()
  const { connection } = useLive()
  const entry = `onboarded.${session.user?.id ?? 0}`
  const isOver = ref(readStored<boolean>(entry) === true)

  function useCount(resource: Resource): { total: ComputedRef<number | undefined>; isSettled: Ref<boolean> } {
    const result = useQuery({
      queryKey: ['count', resource, {}] as const,
      queryFn: async ({ signal }): Promise<{ total: number }> => {
        await connection.ready()
        const page = await rest.get<ListPage<object>>(
          `/${resource}`,
          { per_page: 1, count: 'capped' },
          signal,
        )
        return { total: page.meta.total ?? 0 }
      },
      enabled: () => !isOver.value,
      meta: { live: { kind: 'reload', resources: [resource] } },
    })
    return {
      total: computed(() => result.data.value?.total),
      isSettled: computed(() => !result.isPending.value),
    }
  }
  const counts = {
    customers: useCount('customers'),
    deals: useCount('deals'),
    users: useCount('users'),
  }
  const steps = computed<Step[]>(() => {
    const [customers, deals, users] = [
      counts.customers.total.value,
      counts.deals.total.value,
      counts.users.total.value,
    ]
    if (isOver.value || customers === undefined || deals === undefined || users === undefined) return []
    return stepsOf({ customers, deals, users }, session.can)
  })
  // Who comes to a house that is furnished is spared the steps. Who takes the last one sees its tick: the card leaves
  // with the next visit, or when it is put away.
  let wasOpen = false
  watch(steps, (now) => {
    if (now.length === 0) return
    const isDone = now.every((step) => step.isDone)
    if (isDone && !wasOpen) isOver.value = true
    if (isDone) writeStored(entry, true)
    else wasOpen = true
  })

  return {
    steps,
    /** It is known whether the steps are shown: until then nothing else should be, which they would push aside. */
    isReady: computed(() => isOver.value || Object.values(counts).every(({ isSettled }) => isSettled.value)),
    /** Nothing is there yet: the other cards would only say so. */
    isEmpty: computed(
      () => steps.value.length > 0 && counts.customers.total.value === 0 && counts.deals.total.value === 0,
    ),
    dismiss(): void {
      writeStored(entry, true)
      isOver.value = true
    },
  }
}
