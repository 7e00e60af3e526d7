import { getCurrentScope, onScopeDispose, readonly, ref, type Ref } from 'vue'

/** A media query as a ref. */
export function useMediaQuery(query: string): Readonly<Ref<boolean>> {
  const list = window.matchMedia(query)
  const matches = ref(list.matches)
  const update = (): void => {
    matches.value = list.matches
  }
  list.addEventListener('change', update)
  if (getCurrentScope()) onScopeDispose(() => list.removeEventListener('change', update))
  return readonly(matches)
}

/** True on screens where the phone layout is shown (the `md` breakpoint of the style sheet). */
export function useIsPhone(): Readonly<Ref<boolean>> {
  return useMediaQuery('(max-width: 767px)')
}
