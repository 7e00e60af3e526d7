const known = new Map<string, { version: number; etag: string }>()
const limit = 2000

/** Keeps the ETag that a record was answered with. */
export function rememberEtag(path: string, etag: string): void {
  const version = Number(/^(?:W\/)?"(\d+)\./.exec(etag)?.[1])
  if (!Number.isInteger(version)) return
  known.delete(path)
  known.set(path, { version, etag })
  const oldest = known.keys().next()
  if (known.size > limit && !oldest.done) known.delete(oldest.value)
}

/**
 * The `If-Match` value for the version that the user saw.
 *
 * Deliberately not "the newest ETag": a record may have been refreshed behind an open form, and
 * sending the newest one would overwrite a colleague's change in silence. Versions that came by push
 * have no ETag of their own; the server compares the version part only, so one is written from it.
 */
export function ifMatch(path: string, version: number): string {
  const entry = known.get(path)
  return entry?.version === version ? entry.etag : `"${version}.0"`
}

/** Forgets everything (sign-out). */
export function forgetEtags(): void {
  known.clear()
}

const own = new Map<string, boolean>()

/**
 * Notes a change set as made by this tab.
 *
 * @param isShown Whether its outcome was put on the screen with the answer. That of an undo was not: its pushes bring
 *   every place up to date.
 */
export function rememberChangeset(id: string | number, isShown = true): void {
  own.set(String(id), isShown)
  const oldest = own.keys().next()
  if (own.size > 500 && !oldest.done) own.delete(oldest.value)
}

/** True when this tab made the change set: nothing has to wait for the reader then. */
export function isOwnChangeset(id: string | number | null | undefined): boolean {
  return id != null && own.has(String(id))
}

/** True when this tab made the change set and shows its outcome: its echo draws no attention to itself. */
export function isEcho(id: string | number | null | undefined): boolean {
  return id != null && own.get(String(id)) === true
}
