import { beforeEach, describe, expect, it } from 'vitest'
import { createApp, h } from 'vue'
import type { ImportColumn, ImportField, Job } from '@/api/types'
import { i18n } from '@/i18n/i18n'
import { useUpload } from '@/importing/useUpload'
import { creatable, freeFields, missingFields, undatedColumns } from '@/importing/mapping'
import { decisionOn, pastedFile, stepOf, toDecide } from '@/importing/outcome'
import { followedJobs, followJob, unfollowJob } from '@/records/followedJobs'
import { further, pace } from '@/records/jobs'

const field = (name: string, more: Partial<ImportField> = {}): ImportField => ({
  name,
  label: name,
  kind: 'text',
  links_to: null,
  choices: [],
  option_list: null,
  repeats: false,
  is_required: false,
  ...more,
})
const column = (index: number, name: string | null, more: Partial<ImportColumn> = {}): ImportColumn => ({
  index,
  heading: `Column ${index}`,
  samples: [],
  field: name,
  format: null,
  formats: [],
  factor: '1',
  ...more,
})
const fields = [
  field('id', { kind: 'whole' }),
  field('name', { is_required: true }),
  field('first_name'),
  field('phone', { repeats: true }),
  field('birthday', { kind: 'date' }),
  field('tags', { kind: 'texts' }),
  field('industry', { kind: 'option', option_list: 'industry' }),
  field('customer', { kind: 'link', links_to: 'customers', is_required: true }),
  field('owner', { kind: 'link', links_to: 'users' }),
]

describe('the columns of a file', () => {
  it('lack what is required, unless rows name records or give a name in parts', () => {
    expect(missingFields({ fields, columns: [column(0, 'phone')] })).toEqual(['name', 'customer'])
    expect(missingFields({ fields, columns: [column(0, 'first_name'), column(1, 'customer')] })).toEqual([])
    expect(missingFields({ fields, columns: [column(0, 'id')] })).toEqual([])
  })

  it('ask how dates are written only where they can be read in two ways', () => {
    const both = { formats: ['dmy', 'mdy'] }
    const columns = [
      column(0, 'birthday', both),
      column(1, 'birthday', { ...both, format: 'dmy' }),
      column(2, 'name', both),
      column(3, 'birthday', { formats: ['ymd'] }),
    ]
    expect(undatedColumns({ fields, columns }).map(({ index }) => index)).toEqual([0])
  })

  it('offer what another one does not fill, and what several may', () => {
    const columns = [column(0, 'name'), column(1, 'phone'), column(2, null)]
    const offered = freeFields({ fields, columns }, column(2, null)).map(({ name }) => name)
    expect(offered).toContain('phone')
    expect(offered).not.toContain('name')
    expect(freeFields({ fields, columns }, column(0, 'name')).map(({ name }) => name)).toContain('name')
  })

  it('say what could be made', () => {
    const columns = [column(0, 'customer'), column(1, 'industry'), column(2, 'tags'), column(3, 'owner')]
    expect(creatable({ fields, columns })).toEqual(['customers', 'tags', 'options'])
    expect(creatable({ fields, columns: [column(0, 'owner')] })).toEqual([])
  })
})

describe('what a text stands for', () => {
  const one = { field: 'owner', value: 'Nobody', rows: 2 }

  it('is undecided, nothing, or a record', () => {
    expect(decisionOn({}, one)).toBeUndefined()
    expect(decisionOn({ owner: { Nobody: null } }, one)).toBeNull()
    expect(decisionOn({ owner: { Nobody: 7 } }, one)).toBe(7)
    expect(decisionOn({ owner: {} }, { ...one, value: 'constructor' })).toBeUndefined()
  })

  it('can be thought better of, each once', () => {
    const values = { owner: { Nobody: 7, Somebody: 8 }, industry: { x: null } }
    expect(toDecide([one], values)).toEqual([
      one,
      { field: 'owner', value: 'Somebody', rows: null },
      { field: 'industry', value: 'x', rows: null },
    ])
  })
})

describe('what is pasted', () => {
  it('is a table when it has more than one line', async () => {
    expect(pastedFile('a word')).toBeNull()
    expect(pastedFile('\n\n')).toBeNull()
    expect(await pastedFile('Name\tCity\nA\tUlm')?.text()).toBe('Name\tCity\nA\tUlm')
  })
})

describe('an import that one comes back to', () => {
  it('goes on where it stood', () => {
    expect([stepOf('uploaded'), stepOf('checked'), stepOf('committing'), stepOf('undone')]).toEqual([
      'columns',
      'check',
      'run',
      'run',
    ])
  })
})

describe('a job', () => {
  const job = (more: Partial<Job>): Job => ({ id: 1, status: 'running', done: 0, ...more }) as Job

  it('never goes back', () => {
    const far = job({ done: 400 })
    expect(further(far, job({ done: 200 }))).toBe(far)
    const over = job({ status: 'succeeded', done: 300 })
    expect(further(far, over)).toBe(over)
    expect(further(over, far)).toBe(over)
    const other = job({ id: 2 })
    expect(further(far, other)).toBe(other)
    expect(further(undefined, far)).toBe(far)
  })

  it('has a pace by its last ten seconds', () => {
    expect(pace([])).toBeNull()
    expect(pace([{ at: 0, done: 0 }])).toBeNull()
    expect(
      pace([
        { at: 0, done: 0 },
        { at: 20_000, done: 1000 },
        { at: 22_000, done: 2000 },
      ]),
    ).toBe(500)
  })

  describe('that is followed', () => {
    beforeEach(() => followedJobs.splice(0))

    it('is kept over a reload, once, until it is put away', () => {
      const one = { id: 3, userId: 1, label: 'a.csv', path: '/import/1' }
      followJob(one)
      followJob(one)
      expect(followedJobs).toEqual([one])
      expect(JSON.parse(sessionStorage.getItem('lianxi.jobs') ?? '')).toEqual([one])
      unfollowJob(3)
      expect(sessionStorage.getItem('lianxi.jobs')).toBe('[]')
    })
  })
})

describe('a file on its way', () => {
  it('may have 50 MiB, and not one byte more', () => {
    const used: ReturnType<typeof useUpload>[] = []
    const app = createApp({
      setup() {
        used.push(useUpload(() => undefined))
        return () => h('div')
      },
    })
    app.use(i18n).mount(document.createElement('div'))
    const [upload] = used
    if (!upload) throw new Error('not set up')
    const sized = (size: number): File =>
      Object.defineProperty(new File(['x'], 'a.csv'), 'size', { value: size })
    void upload.send(sized(50 * 1024 * 1024 + 1), 'customers')
    expect(upload.name.value).toBeNull()
    expect(upload.fault.value).not.toBeNull()
    void upload.send(sized(50 * 1024 * 1024), 'customers')
    expect(upload.name.value).toBe('a.csv')
    expect(upload.fault.value).toBeNull()
    app.unmount()
  })
})
