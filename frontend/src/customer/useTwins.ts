import { computed, onScopeDispose, ref, watch } from 'vue'
import { rest } from '@/api/rest'
import type { CheckedCustomer, DuplicateMatch } from '@/api/types'

const debounceMs = 300

/** What is known so far of a customer; blank texts say nothing. */
type Known = Record<string, string | number | null | undefined>

/**
 * Asks what a customer resembles while it is typed in: a moment after the last key, and never before the input method
 * has finished a word.
 */
export function useTwins(read: () => Known) {
  const matches = ref<readonly DuplicateMatch[]>([])
  const known = computed(() => {
    const said = Object.entries(read()).filter(([, value]) => value != null && String(value).trim() !== '')
    return said.some(([name]) => name !== 'kind') ? JSON.stringify(Object.fromEntries(said)) : ''
  })
  let isComposing = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined

  function later(): void {
    clearTimeout(timer)
    asking?.abort()
    if (!isComposing) timer = setTimeout(() => void ask(), debounceMs)
  }
  async function ask(): Promise<void> {
    if (known.value === '') {
      matches.value = []
      return
    }
    const mine = (asking = new AbortController())
    try {
      const found = await rest.post<CheckedCustomer>('/customers/check', JSON.parse(known.value), {
        receipt: null,
        signal: mine.signal,
      })
      if (!mine.signal.aborted) matches.value = found.matches
    } catch {
      // It is an offer; the server looks again when the customer is created.
      if (!mine.signal.aborted) matches.value = []
    }
  }
  watch(known, later, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    asking?.abort()
  })

  return {
    matches,
    /** Listeners for the form: they bubble up from its fields. */
    on: {
      compositionstart(): void {
        isComposing = true
        clearTimeout(timer)
      },
      compositionend(): void {
        isComposing = false
        later()
      },
    },
  }
}
