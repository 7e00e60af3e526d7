import { rememberChangeset } from './versions'

/** What one act of a person has changed on the server: the change sets of its requests, in their order. */
export class Receipt {
  /** Change sets, the first one first. */
  readonly changesets: number[] = []
  /** The lists whose records the requests were about, by the first segment of their paths. */
  readonly resources = new Set<string>()

  /** True once something was changed. */
  get isFilled(): boolean {
    return this.changesets.length > 0
  }
}

const listeners = new Set<(receipt: Receipt) => void>()

/** Calls back with the receipt whenever a write has changed something; with the same one for each of its requests. */
export function onWritten(listener: (receipt: Receipt) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Takes the change set of an answer down. A request that belongs to nothing larger is an act of its own. */
export function noteWrite(path: string, headers: Pick<Headers, 'get'>, receipt = new Receipt()): void {
  const id = Number(headers.get('X-Changeset-Id') ?? 0)
  // A change set of no entries changed nothing: a job that was only asked for, a preview.
  if (!id || headers.get('X-Changeset-Entries') === '0' || receipt.changesets.includes(id)) return
  rememberChangeset(id)
  noteChangeset(path.split('/')[1] ?? '', id, receipt)
}

/** Takes a change set down that was told otherwise than in the header of an answer, such as that of a job. */
export function noteChangeset(resource: string, id: number, receipt: Receipt): void {
  receipt.changesets.push(id)
  receipt.resources.add(resource)
  for (const listener of listeners) listener(receipt)
}

const underWay = new Set<Promise<unknown>>()

/** Counts a write as under way until it has settled. */
export function track<T>(write: Promise<T>): Promise<T> {
  underWay.add(write)
  const done = (): void => void underWay.delete(write)
  write.then(done, done)
  return write
}

/** Resolves when the writes that are under way now have settled. */
export async function writesSettled(): Promise<void> {
  await Promise.allSettled(underWay)
}
