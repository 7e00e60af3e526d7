import { onMounted, onUnmounted, readonly, ref, type Ref } from 'vue'

/** True while a text field has the focus, that is while a phone shows its keyboard. */
export function useFieldFocus(): Readonly<Ref<boolean>> {
  const isTyping = ref(false)
  const update = (event: FocusEvent): void => {
    const target = event.type === 'focusin' ? event.target : null
    isTyping.value =
      target instanceof HTMLTextAreaElement ||
      (target instanceof HTMLInputElement && !/^(checkbox|radio|button|submit|file)$/.test(target.type))
  }
  onMounted(() => {
    document.addEventListener('focusin', update)
    document.addEventListener('focusout', update)
  })
  onUnmounted(() => {
    document.removeEventListener('focusin', update)
    document.removeEventListener('focusout', update)
  })
  return readonly(isTyping)
}
