import { onScopeDispose, ref, watch, type Ref } from 'vue'

interface ImeText {
  text: Ref<string>
  on: {
    input(event: Event): void
    compositionstart(): void
    compositionend(event: Event): void
    keydown(event: KeyboardEvent): void
  }
}

/**
 * Text of a search box. Half-composed pinyin is shown and never searched; a plain key waits for the
 * next one a moment, Enter does not wait.
 */
export function useImeText(source: () => string, commit: (text: string) => void, debounceMs = 40): ImeText {
  const text = ref(source())
  let composing = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let sent = text.value

  const send = (): void => {
    clearTimeout(timer)
    if (composing || text.value === sent) return
    sent = text.value
    commit(sent)
  }
  const later = (): void => {
    clearTimeout(timer)
    timer = setTimeout(send, debounceMs)
  }
  watch(source, (now) => {
    if (now === sent) return
    clearTimeout(timer)
    sent = now
    text.value = now
  })
  onScopeDispose(() => clearTimeout(timer))

  return {
    text,
    on: {
      input(event) {
        text.value = (event.target as HTMLInputElement).value
        if (!composing) later()
      },
      compositionstart() {
        composing = true
        clearTimeout(timer)
      },
      compositionend(event) {
        composing = false
        text.value = (event.target as HTMLInputElement).value
        later()
      },
      keydown(event) {
        if (event.key === 'Enter' && !event.isComposing && !composing) send()
      },
    },
  }
}
