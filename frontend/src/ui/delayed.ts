import { onScopeDispose, ref, watch, type Ref } from 'vue'

/**
 * True a moment after the source has become true, and then for a minimum time: a quick answer shows no
 * skeleton at all, a slow one does not flicker.
 */
export function useDelayed(source: () => boolean, delayMs = 150, leastMs = 300): Ref<boolean> {
  const shown = ref(false)
  let since = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    source,
    (active) => {
      clearTimeout(timer)
      if (active) {
        timer = setTimeout(() => {
          since = Date.now()
          shown.value = true
        }, delayMs)
      } else if (shown.value) {
        timer = setTimeout(() => (shown.value = false), Math.max(0, since + leastMs - Date.now()))
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  return shown
}
