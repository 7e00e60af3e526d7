import { describe, expect, it } from 'vitest'
import type { Contact, TimelineEntry } from '@/api/types'
import { applyToTimeline } from '@/customer/useTimeline'
import type { AppliedEvent } from '@/records/live'

const contact = (id: number, at: string, version = 1, content = `c${id}`): Contact =>
  ({
    id,
    version,
    customer_id: 7,
    kind: 'note',
    content,
    occurred_at: at,
    user: { id: 1, name: 'A' },
    can_write: true,
  }) as Contact
const entry = (record: Contact): TimelineEntry => ({
  type: 'contact',
  at: record.occurred_at,
  actor: null,
  record,
  change: null,
})
const meta = { total: null, pages: null, current_page: null, per_page: 40, next_cursor: null }
const start = {
  pages: [{ data: [entry(contact(3, '2026-03-01')), entry(contact(1, '2026-01-01'))], meta }],
  pageParams: [null],
}
const event = (resource: string, record: object | null, extra: Partial<AppliedEvent> = {}): AppliedEvent => ({
  cursor: '',
  type: `${resource}_updated`,
  resource,
  id: (record as { id?: number } | null)?.id ?? 0,
  version: (record as { version?: number } | null)?.version ?? 1,
  changed: ['content'],
  record: record as Record<string, unknown> | null,
  changeset_id: 1,
  actor: null,
  at: '2026-03-02',
  isOwn: false,
  isEcho: false,
  ...extra,
})
const texts = (data: ReturnType<typeof applyToTimeline>): (string | null | undefined)[] | undefined =>
  data?.pages[0]?.data.map((e) => (e.record as Contact).content)

describe('events in a timeline', () => {
  it('bring new contact records to their time', () => {
    expect(texts(applyToTimeline(7, start, [event('contacts', contact(2, '2026-02-01'))]))).toEqual([
      'c3',
      'c2',
      'c1',
    ])
  })

  it('change them in place, once, and keep who may write', () => {
    const changed = event('contacts', { ...contact(3, '2026-03-01', 2, 'new'), can_write: undefined })
    const next = applyToTimeline(7, start, [changed])
    expect(texts(next)).toEqual(['new', 'c1'])
    expect(next?.pages[0]?.data[0]?.record?.can_write).toBe(true)
    expect(
      texts(next && applyToTimeline(7, next, [event('contacts', contact(3, '2026-03-01', 1, 'old'))])),
    ).toEqual(['new', 'c1'])
  })

  it('take deleted ones away, and those that moved to another customer', () => {
    expect(
      texts(applyToTimeline(7, start, [event('contacts', null, { id: 3, type: 'contact_deleted' })])),
    ).toEqual(['c1'])
    expect(
      texts(
        applyToTimeline(7, start, [event('contacts', { ...contact(1, '2026-01-01', 2), customer_id: 8 })]),
      ),
    ).toEqual(['c3'])
  })

  it('of other customers leave it as it is', () => {
    expect(
      applyToTimeline(7, start, [event('contacts', { ...contact(9, '2026-01-01'), customer_id: 8 })]),
    ).toBe(start)
    expect(applyToTimeline(7, start, [event('deals', { id: 1, customer_id: 8 })])).toBe(start)
  })

  it('ask for a reload when the customer or a deal of it changed', () => {
    expect(applyToTimeline(7, start, [event('customers', { id: 7 }, { changed: ['name'] })])).toBeNull()
    expect(applyToTimeline(7, start, [event('deals', { id: 1, customer_id: 7 })])).toBeNull()
    expect(
      applyToTimeline(7, start, [event('customers', { id: 7 }, { changed: ['last_contacted_at'] })]),
    ).toBe(start)
  })
})
