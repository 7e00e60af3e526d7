import { describe, expect, it } from 'vitest'
import { bucketOf, dueKey, instantAt, minutesAt, type Times } from '@/task/days'
import { numberOf, readLine, type DraftPart } from '@/task/quickAdd'

// A Friday, half past two in the afternoon.
const now = {
  today: '2026-11-27',
  minutes: 14 * 60 + 30,
  colleagues: [
    { id: 1, name: 'Alice' },
    { id: 2, name: 'Bob Lee' },
    { id: 3, name: '李雷' },
  ],
}
const read = (text: string, ...refused: DraftPart[]) => readLine(text, now, new Set(refused))
const when = (text: string): string => {
  const { on, minutes } = read(text)
  if (on === null) return '-'
  if (minutes === null) return on
  return `${on} ${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

describe('a line read as a task', () => {
  it('is what the first example says', () => {
    expect(read('call Wang Wei tomorrow 10:00')).toEqual({
      subject: 'call Wang Wei',
      kind: 'call',
      on: '2026-11-28',
      minutes: 600,
      priority: 'normal',
      assigneeId: null,
      about: 'Wang Wei',
    })
    expect(read('明天下午3点给王总打电话')).toEqual({
      subject: '给王总打电话',
      kind: 'call',
      on: '2026-11-28',
      minutes: 900,
      priority: 'normal',
      assigneeId: null,
      about: '王总',
    })
  })

  it.each([
    ['x today', '2026-11-27'],
    ['x tonight', '2026-11-27 19:00'],
    ['x tmr', '2026-11-28'],
    ['x the day after tomorrow', '2026-11-29'],
    ['x on Monday', '2026-11-30'],
    ['x fri', '2026-11-27'],
    ['x next Friday', '2026-12-04'],
    ['x this wednesday', '2026-11-25'],
    ['x next week', '2026-11-30'],
    ['x next month', '2026-12-01'],
    ['x by the end of the month', '2026-11-30'],
    ['x in 3 days', '2026-11-30'],
    ['x in a week', '2026-12-04'],
    ['x in 2 months', '2027-01-27'],
    ['x in 2 hours', '2026-11-27 16:30'],
    ['x in 10 hours', '2026-11-28 00:30'],
    ['x Dec 1', '2026-12-01'],
    ['x 1st December at 9am', '2026-12-01 09:00'],
    ['x March 3', '2027-03-03'],
    ['x Jan 5, 2028', '2028-01-05'],
    ['x 2026-12-24 15:30', '2026-12-24 15:30'],
    ['x 12/24', '2026-12-24'],
    ['x tomorrow 3:30 pm', '2026-11-28 15:30'],
    ['x tomorrow at 3', '2026-11-28 15:00'],
    ['x tomorrow at noon', '2026-11-28 12:00'],
    ['x tomorrow morning', '2026-11-28 09:00'],
    ['x 16:00', '2026-11-27 16:00'],
    ['x 9:00', '2026-11-28 09:00'],
    ['x', '-'],
    ['order 20 samples of M8 screws', '-'],
    ['x 2026-13-45', '-'],
    ['x 25:00', '-'],
  ])('%s → %s', (text, expected) => {
    expect(when(text)).toBe(expected)
  })

  it.each([
    ['今天寄样品', '2026-11-27'],
    ['今晚寄样品', '2026-11-27 19:00'],
    ['明早9点寄样品', '2026-11-28 09:00'],
    ['明晚八点半', '2026-11-28 20:30'],
    ['后天上午十点一刻', '2026-11-29 10:15'],
    ['大后天', '2026-11-30'],
    ['周三下午两点', '2026-12-02 14:00'],
    ['本周日', '2026-11-29'],
    ['下周一 9:30', '2026-11-30 09:30'],
    ['下下周五', '2026-12-11'],
    ['下个礼拜三', '2026-12-02'],
    ['下周交报告', '2026-11-30'],
    ['周末', '2026-11-28'],
    ['12月24日', '2026-12-24'],
    ['十二月二十四号', '2026-12-24'],
    ['3月3日', '2027-03-03'],
    ['30号', '2026-11-30'],
    ['5号', '2026-12-05'],
    ['下个月5号', '2026-12-05'],
    ['月底', '2026-11-30'],
    ['三天后', '2026-11-30'],
    ['两周后', '2026-12-11'],
    ['半小时后', '2026-11-27 15:00'],
    ['2小时后', '2026-11-27 16:30'],
    ['2026年12月24日晚上7:30', '2026-12-24 19:30'],
    ['明天中午', '2026-11-28 12:00'],
    ['明天１０点２０分', '2026-11-28 10:20'],
    ['给王总寄三份合同', '-'],
  ])('%s → %s', (text, expected) => {
    expect(when(text)).toBe(expected)
  })

  it.each([
    ['visit Acme on Tuesday', 'visit', 'visit Acme'],
    ['meeting with Bob on Dec 1 at 10:00', 'meeting', 'meeting with Bob'],
    ['send the contract by Friday', 'todo', 'send the contract'],
    ['下周二拜访甲公司', 'visit', '拜访甲公司'],
    ['周五下午开会，讨论报价', 'meeting', '开会，讨论报价'],
    ['准备会议材料', 'todo', '准备会议材料'],
    ['recall the parts', 'todo', 'recall the parts'],
  ])('%s is a %s', (text, kind, subject) => {
    expect(read(text)).toMatchObject({ kind, subject })
  })

  it('names colleagues and says how much it matters', () => {
    expect(read('send it @bob tomorrow')).toMatchObject({
      assigneeId: 2,
      subject: 'send it',
      on: '2026-11-28',
    })
    expect(read('寄样品 @李雷')).toMatchObject({ assigneeId: 3, subject: '寄样品' })
    expect(read('send it @nobody')).toMatchObject({ assigneeId: null, subject: 'send it @nobody' })
    expect(read('write to a@bob.com')).toMatchObject({ assigneeId: null })
    expect(read('! send it')).toMatchObject({ priority: 'high', subject: 'send it' })
    expect(read('寄样品 !低')).toMatchObject({ priority: 'low', subject: '寄样品' })
    expect(read('紧急：寄样品')).toMatchObject({ priority: 'high', subject: '紧急：寄样品' })
  })

  it('leaves the words of what the reader refuses', () => {
    expect(read('call Wang tomorrow', 'when')).toMatchObject({ subject: 'call Wang tomorrow', on: null })
    expect(read('call Wang tomorrow', 'kind')).toMatchObject({ kind: 'todo', on: '2026-11-28' })
    expect(read('! x', 'priority')).toMatchObject({ priority: 'normal', subject: '! x' })
    expect(read('x @bob', 'assignee')).toMatchObject({ assigneeId: null, subject: 'x @bob' })
  })

  it('knows numbers in Chinese', () => {
    expect(['三', '十', '十二', '二十', '两', '二十四', '7'].map(numberOf)).toEqual([3, 10, 12, 20, 2, 24, 7])
  })
})

describe('when a task is due', () => {
  const zone = 'Asia/Shanghai'
  const dayOf = (at: string): string =>
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(new Date(at))
  const present = { now: Date.parse('2026-11-27T06:30:00Z'), today: '2026-11-27', dayOf }
  const bucket = (times: Partial<Times>, at = present) =>
    bucketOf({ due_on: null, due_at: null, starts_at: null, ends_at: null, ...times }, at)

  it('goes by the reader’s day, and by the moment where there is one', () => {
    expect(bucket({})).toBe('no_date')
    expect(bucket({ due_on: '2026-11-26' })).toBe('overdue')
    expect(bucket({ due_on: '2026-11-27' })).toBe('today')
    expect(bucket({ due_on: '2026-11-28' })).toBe('tomorrow')
    expect(bucket({ due_on: '2026-11-29' })).toBe('this_week')
    expect(bucket({ due_on: '2026-11-30' })).toBe('later')
    expect(bucket({ due_at: '2026-11-27T06:00:00Z' })).toBe('overdue')
    expect(bucket({ due_at: '2026-11-27T15:59:59Z' })).toBe('today')
    expect(bucket({ due_at: '2026-11-27T16:00:00Z' })).toBe('tomorrow')
  })

  it('lets a meeting go on until its end', () => {
    const meeting = { starts_at: '2026-11-27T06:00:00Z', ends_at: '2026-11-27T07:00:00Z' }
    expect(bucket(meeting)).toBe('today')
    expect(bucket(meeting, { ...present, now: Date.parse('2026-11-27T07:00:01Z') })).toBe('overdue')
  })

  it('has no rest of the week on its last day', () => {
    const sunday = { ...present, today: '2026-11-29', now: Date.parse('2026-11-29T06:30:00Z') }
    expect(bucket({ due_on: '2026-11-30' }, sunday)).toBe('tomorrow')
    expect(bucket({ due_on: '2026-12-01' }, sunday)).toBe('later')
  })

  it('orders a day by its moments', () => {
    const keys = [
      dueKey({ due_on: '2026-11-27', due_at: null, starts_at: null, ends_at: null }, zone),
      dueKey({ due_on: null, due_at: '2026-11-27T06:00:00Z', starts_at: null, ends_at: null }, zone),
    ]
    expect(keys).toEqual(['2026-11-27T15:59:59.999Z', '2026-11-27T06:00:00Z'])
  })

  it('turns the clocks of a zone into instants', () => {
    expect(instantAt('2026-11-28', 600, zone)).toBe('2026-11-28T02:00:00Z')
    expect(instantAt('2026-11-01', 600, 'America/New_York')).toBe('2026-11-01T15:00:00Z')
    expect(instantAt('2026-03-08', 180, 'America/New_York')).toBe('2026-03-08T07:00:00Z')
    expect(minutesAt('2026-11-28T02:00:00Z', zone)).toBe(600)
  })
})
