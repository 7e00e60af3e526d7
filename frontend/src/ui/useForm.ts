import { computed, nextTick, onScopeDispose, reactive, ref, watch, type Ref } from 'vue'
import { Problem } from '@/api/problem'
import { clearDraft, readDraft, writeDraft } from './drafts'

interface FormOptions<T extends object> {
  initial: () => T
  /** Sends the values; what it throws lands on the fields. */
  submit: (values: T) => Promise<void>
  /** Says a refusal that is about no single field. */
  explain: (fault: unknown) => string | null
  /** Keeps what was typed under this name until it was sent. */
  draft?: string
  root?: Ref<HTMLElement | null>
}

/** `#/address/city` -> `address/city`, the name under which a field looks for its message. */
export function fieldOf(pointer: string): string {
  return pointer
    .replace(/^#?\//, '')
    .split('/')
    .map((part) => decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~'))
    .join('/')
}

/** The one form idiom: values, messages of the server on their fields, one request at a time, drafts. */
export function useForm<T extends object>(options: FormOptions<T>) {
  const start = (): T => options.initial()
  const draft = options.draft === undefined ? null : readDraft<Partial<T>>(options.draft)
  const values = reactive({ ...start(), ...draft }) as T
  const errors = ref<Record<string, string>>({})
  /** What is wrong with the whole, or with something that has no field here. */
  const general = ref<string | null>(null)
  const busy = ref(false)
  const hadDraft = ref(draft !== null)

  const isDirty = computed(() => JSON.stringify(values) !== JSON.stringify(start()))

  let timer: ReturnType<typeof setTimeout> | undefined
  let sent = false
  const keep = (): void => {
    clearTimeout(timer)
    if (options.draft === undefined || sent) return
    if (isDirty.value) writeDraft(options.draft, values)
    else clearDraft(options.draft)
  }
  watch(values, () => {
    sent = false
    clearTimeout(timer)
    timer = setTimeout(keep, 250)
  })
  // A page that is left or loaded anew does not wait for the timer.
  window.addEventListener('pagehide', keep)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', keep)
    keep()
  })

  function errorOf(field: string): string | undefined {
    return errors.value[field]
  }

  function place(fault: unknown): void {
    errors.value = {}
    general.value = options.explain(fault)
    if (!(fault instanceof Problem)) return
    const homeless: string[] = []
    for (const { pointer, detail } of fault.errors) {
      const field = pointer === undefined ? '' : fieldOf(pointer)
      if (field && (field.split('/')[0] ?? '') in values) errors.value[field] ??= detail
      else homeless.push(detail)
    }
    if (fault.errors.length > 0) general.value = homeless.length > 0 ? homeless.join(' ') : null
  }

  async function focusFirstError(): Promise<void> {
    await nextTick()
    options.root?.value?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }

  async function submit(): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    errors.value = {}
    general.value = null
    try {
      await options.submit(values)
      sent = true
      hadDraft.value = false
      if (options.draft !== undefined) clearDraft(options.draft)
      return true
    } catch (fault) {
      place(fault)
      await focusFirstError()
      return false
    } finally {
      busy.value = false
    }
  }

  /** Back to the start, without a draft. */
  function reset(): void {
    Object.assign(values, start())
    errors.value = {}
    general.value = null
    hadDraft.value = false
    sent = true
    if (options.draft !== undefined) clearDraft(options.draft)
  }

  /** A message goes away as soon as its field is edited. */
  function touch(field: string): void {
    if (!(field in errors.value)) return
    errors.value = Object.fromEntries(Object.entries(errors.value).filter(([key]) => key !== field))
  }

  return { values, errors, general, busy, isDirty, hadDraft, submit, reset, errorOf, touch }
}
