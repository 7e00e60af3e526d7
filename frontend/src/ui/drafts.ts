import { readStored, removeStored, writeStored } from './storage'

/** What was typed and not sent yet; survives a reload and an expired session. */
export const readDraft = <T>(name: string): T | null => readStored<T>(`draft.${name}`)

/** Keeps what was typed. */
export const writeDraft = (name: string, value: unknown): void => writeStored(`draft.${name}`, value)

/** Forgets one draft. */
export const clearDraft = (name: string): void => removeStored(`draft.${name}`)

/** Forgets all of them: an explicit sign-out leaves nothing behind on this device. */
export const clearDrafts = (): void => removeStored('draft.')
