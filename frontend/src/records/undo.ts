import { reactive } from 'vue'
import { Problem } from '@/api/problem'
import { onWritten, Receipt, writesSettled } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Entry, Job } from '@/api/types'
import { rememberChangeset } from '@/api/versions'
import { useFormat } from '@/i18n/format'
import { t } from '@/i18n/i18n'
import { explain } from '@/i18n/problem'
import type { LiveConnection } from '@/realtime/connection'
import { listName } from '@/realtime/events'
import { changeToast, dismissToast, toast } from '@/ui/toasts'
import { fieldLabel } from './fieldLabels'
import { showHistory } from './history'
import { awaitJob } from './awaitJob'

/** The lists whose changes the server can take back. */
const undoable: ReadonlySet<string> = new Set([
  'customers',
  'people',
  'contacts',
  'deals',
  'tasks',
  'tags',
  'products',
  'attachments',
  'options',
  'custom-fields',
  'dashboards',
  'targets',
  'views',
  'view-preferences',
  'settings',
  'users',
  'teams',
  'roles',
])

/** Whether changes of a list (`customers`) or of a kind of record (`customer`) can be taken back. */
export function isUndoable(resource: string): boolean {
  return undoable.has(listName(resource))
}

/** A field that somebody has worked on since. */
interface UndoConflict {
  resource: string
  id: number
  field: string
  changed_by: { id: number; name: string } | null
  at: string | null
}

interface OfferOptions {
  /** What else is to be done once it was taken back, such as going to the record that is there again. */
  then?: (() => void) | undefined
  /** A newer offer of the same key takes the place of an older one. */
  key?: string
  /** What else can be done about it. */
  also?: { label: string; run: () => void } | undefined
}

/** Why a change set cannot be taken back, now or later; what others have worked on since may be set back first. */
const refusals: ReadonlySet<string> = new Set(['already-undone', 'not-undoable', 'forbidden'])
const linesAtMost = 3
const actsAtMost = 200

/**
 * What this tab has changed and can take back: act by act, from the last one, and again.
 *
 * Every write of the tab comes here by itself; what takes it back is a change like any other, whose pushes bring
 * every place on the screen up to date.
 */
export class Undo {
  private readonly done: Receipt[] = []
  private readonly takenBack: Receipt[] = []
  private readonly afterwards = new WeakMap<Receipt, () => void>()
  private readonly notices = new WeakMap<Receipt, number>()
  /** Change sets that the server has refused to take back for good: for who asked, or for everybody. */
  private readonly refused = reactive(new Set<number>())
  private queue: Promise<unknown> = Promise.resolve()

  constructor(private readonly connection: Pick<LiveConnection, 'on' | 'catchUp'>) {
    onWritten((receipt) => {
      this.takenBack.length = 0
      if (!this.done.includes(receipt)) this.done.push(receipt)
      if (this.done.length > actsAtMost) this.done.shift()
    })
  }

  /** Whether the way back is worth offering: not of what the journal keeps nothing of, nor where it was refused. */
  offers({ resource, action, changes, changeset_id }: Entry): boolean {
    const isBlank = action === 'updated' && Object.keys(changes).length === 0
    return isUndoable(resource) && action !== 'erased' && !isBlank && !this.refused.has(changeset_id)
  }

  /** Tells of a change, and offers the way back where there is one. */
  offer(words: string, receipt: Receipt, options: OfferOptions = {}): void {
    const canUndo = receipt.isFilled && [...receipt.resources].every(isUndoable)
    if (options.then) this.afterwards.set(receipt, options.then)
    const actions = [
      ...(options.also ? [options.also] : []),
      ...(canUndo ? [{ label: t('action.undo'), run: () => void this.undo(receipt) }] : []),
    ]
    this.notices.set(receipt, toast(words, { key: options.key, actions }))
  }

  /** Takes the last act of this tab back. */
  undoLast(): Promise<void> {
    return this.line(async () => {
      await writesSettled()
      const last = this.done.at(-1)
      if (last) await this.turn(last, this.done, this.takenBack)
      else toast(t('undo.nothing'), { key: 'undo' })
    })
  }

  /** Does again what was taken back last. */
  redoLast(): Promise<void> {
    return this.line(async () => {
      const last = this.takenBack.at(-1)
      if (last) await this.turn(last, this.takenBack, this.done)
      else toast(t('undo.nothingAgain'), { key: 'undo' })
    })
  }

  /** Takes one act of this tab back. */
  undo(receipt: Receipt): Promise<void> {
    return this.line(() => this.turn(receipt, this.done, this.takenBack))
  }

  /** Takes a change set back, whoever made it. Resolves true when that was done. */
  async undoChangeset(id: number): Promise<boolean> {
    const own = this.done.find(({ changesets }) => changesets.length === 1 && changesets[0] === id)
    const receipt = own ?? new Receipt()
    if (!own) receipt.changesets.push(id)
    let isDone = false
    await this.line(async () => {
      isDone = await this.turn(receipt, this.done, own ? this.takenBack : this.done)
    })
    return isDone
  }

  /** Forgets everything (another person signs in). */
  clear(): void {
    this.done.length = 0
    this.takenBack.length = 0
    this.refused.clear()
  }

  /** One after another: pressed twice, two acts are taken back, in their order. */
  private line(task: () => Promise<unknown>): Promise<void> {
    const run = this.queue.then(task).then(() => undefined)
    this.queue = run.catch(() => undefined)
    return run
  }

  private async turn(receipt: Receipt, from: Receipt[], to: Receipt[]): Promise<boolean> {
    const at = from.indexOf(receipt)
    if (at >= 0) from.splice(at, 1)
    dismissToast(this.notices.get(receipt) ?? 0)
    const back = new Receipt()
    const left = [...receipt.changesets]
    try {
      for (let id = left.at(-1); id !== undefined; id = left.at(-1)) {
        back.changesets.push(await this.send(id))
        left.pop()
      }
    } catch (fault) {
      // Not reached: it can be tried once more. A refusal is an answer.
      if (at >= 0 && fault instanceof Problem && fault.isUnavailable) {
        receipt.changesets.splice(0, Infinity, ...left)
        from.push(receipt)
      }
      if (fault instanceof Problem && refusals.has(fault.slug)) {
        for (const id of left.slice(-1)) this.refused.add(id)
      }
      this.refuse(fault)
    }
    if (!back.isFilled) return false
    to.push(back)
    void this.connection.catchUp()
    if (left.length > 0) return false
    const isRedo = from === this.takenBack
    const action = {
      label: t(isRedo ? 'action.undo' : 'action.redo'),
      run: () => void this.line(() => this.turn(back, to, to === this.done ? this.takenBack : this.done)),
    }
    this.notices.set(back, toast(t(isRedo ? 'undo.redone' : 'undo.done'), { key: 'undo', actions: [action] }))
    this.afterwards.get(receipt)?.()
    return true
  }

  /** Takes one change set back; the id of the one that did so. */
  private async send(id: number): Promise<number> {
    const answer = await rest.post<{ changeset_id: number } | Job>(`/changesets/${id}/undo`, undefined, {
      receipt: null,
    })
    const made = 'status' in answer ? await this.follow(answer) : answer.changeset_id
    rememberChangeset(made, false)
    return made
  }

  private async follow(job: Job): Promise<number> {
    const progressOf = ({ done, total }: Job): { done: number; total: number | null } => ({ done, total })
    const notice = toast(t('undo.running'), { isLasting: true, progress: progressOf(job) })
    try {
      const ended = await awaitJob(this.connection, job, (now) =>
        changeToast(notice, { progress: progressOf(now) }),
      )
      if (ended.status === 'succeeded' && ended.changeset_id !== null) return ended.changeset_id
      const problem = (ended.problem ?? {}) as { status?: number }
      throw new Problem(problem.status ?? 409, problem)
    } finally {
      dismissToast(notice)
    }
  }

  private refuse(fault: unknown): void {
    const conflicts =
      fault instanceof Problem ? (fault.body['conflicts'] as UndoConflict[] | undefined) : undefined
    const [first] = conflicts ?? []
    if (!conflicts || !first) {
      const words = explain(fault)
      if (words) toast(words, { tone: 'error', key: 'undo' })
      return
    }
    toast([t('undo.conflict'), ...wordsOf(conflicts)].join('\n'), {
      tone: 'error',
      key: 'undo',
      isLasting: true,
      actions: [
        {
          label: t('history.title'),
          run: () => showHistory({ resource: listName(first.resource) as never, id: first.id }),
        },
      ],
    })
  }
}

/** The fields of conflicts, those of one person and moment together. */
export function wordsOf(conflicts: readonly UndoConflict[]): string[] {
  const { relative } = useFormat()
  const groups = new Map<string, { names: Set<string>; one: UndoConflict }>()
  for (const one of conflicts) {
    const key = `${one.resource} ${one.changed_by?.id ?? ''} ${one.at ?? ''}`
    const group = groups.get(key) ?? { names: new Set(), one }
    group.names.add(fieldLabel(one.resource, one.field) || t('undo.otherField'))
    groups.set(key, group)
  }
  const lines = [...groups.values()].map(({ names, one }) => {
    const fields = [...names].join(t('undo.comma'))
    if (!one.at) return fields
    const when = relative(one.at)
    return one.changed_by
      ? t('undo.conflictBy', { fields, name: one.changed_by.name, when })
      : t('undo.conflictOf', { fields, when })
  })
  const rest = lines.length - linesAtMost
  return rest > 0 ? [...lines.slice(0, linesAtMost), t('undo.conflictMore', { count: rest })] : lines
}
