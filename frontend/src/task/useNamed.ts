import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { rest } from '@/api/rest'
import type { SearchAnswer } from '@/api/types'

/** A person or a customer that a line of text names. */
export interface Named {
  type: 'person' | 'customer'
  id: number
  name: string
  customerId: number | null
}

const pauseMs = 250

/** Whom a line is about: the person or customer whose whole name stands in it, once typing pauses. */
export function useNamed(about: Ref<string>, isWanted: () => boolean) {
  const asked = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(about, (text) => {
    clearTimeout(timer)
    timer = setTimeout(() => (asked.value = isWanted() ? text.trim().slice(0, 60) : ''), pauseMs)
  })
  onScopeDispose(() => clearTimeout(timer))
  const found = useQuery({
    queryKey: computed(() => ['named', asked.value] as const),
    queryFn: ({ queryKey, signal }) =>
      rest.get<SearchAnswer>('/search', { q: queryKey[1], types: 'person,customer', limit: 10 }, signal),
    enabled: computed(() => asked.value.length > 1),
    staleTime: 60_000,
    gcTime: 60_000,
    shallow: true,
  })
  return computed<Named | null>(() => {
    const text = about.value.toLowerCase()
    if (asked.value !== about.value.trim().slice(0, 60)) return null
    const whole = (found.data.value?.data ?? [])
      .filter(({ title }) => title.length > 1 && text.includes(title.toLowerCase()))
      .sort((a, b) => b.title.length - a.title.length)
    const [first] = whole
    // Two of one name: the reader has to say which one.
    if (!first || whole.filter(({ title, type }) => title === first.title && type === first.type).length > 1)
      return null
    return {
      type: first.type as Named['type'],
      id: first.id,
      name: first.title,
      customerId: first.type === 'customer' ? first.id : (first.customer_id ?? null),
    }
  })
}
