/** What a reader may do with one fact: decided by the server, told to whoever shows it. */
export interface FieldGuard {
  /** The fact can be read and not written. */
  isClosed: boolean
  /** Only a few characters of the value are shown. */
  isMasked: boolean
  /** The words of the button that has the value shown, and of the one that hides it again. */
  labels: { reveal: string; conceal: string }
  /** Asks for the whole value; null where it was refused, which has been told by then. */
  reveal: () => Promise<string | null>
}
