import { shiftDay, weekdayOf } from './days'

/** What a line of text asks for; each is shown as a chip that can be taken away. */
export interface Draft {
  subject: string
  kind: 'todo' | 'call' | 'visit' | 'meeting'
  on: string | null
  /** Minutes after midnight. */
  minutes: number | null
  priority: 'normal' | 'high' | 'low'
  assigneeId: number | null
  /** The words that may name a person or a customer. */
  about: string
}

/** A part of a draft that a reader may refuse: its words stay in the subject then. */
export type DraftPart = 'kind' | 'when' | 'priority' | 'assignee'

interface Now {
  today: string
  /** Minutes after midnight. */
  minutes: number
  colleagues: readonly { id: number; name: string }[]
}

interface Rule<T> {
  pattern: RegExp
  read: (found: RegExpExecArray, now: Now) => T | null
}

interface Moment {
  on?: string
  minutes?: number
}

const digits = '〇一二三四五六七八九'
/** A number in digits or in Chinese, up to 99. */
export function numberOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  if (/^an?$/i.test(text)) return 1
  const plain = text.replace(/[两俩]/g, '二')
  const one = (character: string | undefined): number => digits.indexOf(character ?? '')
  const [tens, ones] = plain.split('十')
  if (ones === undefined) return one(plain)
  return (tens ? one(tens) : 1) * 10 + (ones ? one(ones) : 0)
}

const pad = (value: number): string => String(value).padStart(2, '0')
function dateOf(year: number, month: number, day: number): string | null {
  const on = `${year}-${pad(month)}-${pad(day)}`
  const at = new Date(`${on}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(on) ? on : null
}
const yearOf = (today: string): number => Number(today.slice(0, 4))
const monthOf = (today: string): number => Number(today.slice(5, 7))
/** A day without a year is the next one of that name. */
function comingDate(month: number, day: number, { today }: Now): string | null {
  const on = dateOf(yearOf(today), month, day)
  return on !== null && on < today ? dateOf(yearOf(today) + 1, month, day) : on
}
function inMonths(today: string, months: number): string | null {
  const ahead = yearOf(today) * 12 + monthOf(today) - 1 + months
  const [year, month] = [Math.floor(ahead / 12), (ahead % 12) + 1]
  return dateOf(
    year,
    month,
    Math.min(Number(today.slice(8)), new Date(Date.UTC(year, month, 0)).getUTCDate()),
  )
}
function inMinutes(minutes: number, now: Now): Moment {
  const sum = now.minutes + minutes
  return { on: shiftDay(now.today, Math.floor(sum / 1440)), minutes: sum % 1440 }
}
/** A day of the week: of this one, of one of the next, or the coming one. */
function weekday(day: number, weeks: number | null, { today }: Now): string {
  const gap = day - weekdayOf(today)
  return shiftDay(today, weeks === null ? (gap + 7) % 7 : gap + weeks * 7)
}
function ahead(count: number, unit: string, now: Now): Moment | null {
  if (/^(min|分)/i.test(unit)) return inMinutes(count, now)
  if (/^(h|个?小时|个?钟)/i.test(unit)) return inMinutes(count * 60, now)
  const on = /^(m|个?月)/i.test(unit)
    ? inMonths(now.today, count)
    : shiftDay(now.today, count * (/^(w|周|个?星期|个?礼拜)/i.test(unit) ? 7 : 1))
  return on === null ? null : { on }
}

const number = '(\\d{1,3}|[〇一二两三四五六七八九十]{1,3})'
const lead = '(?:\\b(?:on|by|before|due|this|until)\\s+)?'
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthName = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?'
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const weekdayName =
  '(mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)'
const monthAt = (name: string | undefined): number =>
  months.indexOf((name ?? '').slice(0, 3).toLowerCase()) + 1
/** 日 and 天 both are Sunday. */
const chineseDay = (text: string | undefined): number => Math.min(6, '一二三四五六日天'.indexOf(text ?? ''))
const on = (day: string | null): Moment | null => (day === null ? null : { on: day })

const dates: readonly Rule<Moment>[] = [
  {
    pattern: /(?:(?:due|on|by)\s+)?(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?(?!\d)/i,
    read: ([, year, month, day]) => on(dateOf(Number(year), Number(month), Number(day))),
  },
  {
    pattern: new RegExp(
      `\\bin\\s+(\\d{1,3}|an?|one)\\s*(minutes?|mins?|hours?|h|days?|d|weeks?|w|months?)\\b`,
      'i',
    ),
    read: ([, count, unit], now) => ahead(count === 'one' ? 1 : numberOf(count ?? ''), unit ?? '', now),
  },
  {
    pattern: new RegExp(`${number}\\s*(分钟|个?小时|个?钟头|天|日|周|个?星期|个?礼拜|个月)(?:之?后|以后)`),
    read: ([, count, unit], now) => ahead(numberOf(count ?? ''), unit ?? '', now),
  },
  {
    pattern: new RegExp(`(?:半个?小时|半个钟头)(?:之?后|以后)`),
    read: (_found, now) => inMinutes(30, now),
  },
  {
    pattern: new RegExp(`${lead}(?:the\\s+)?day\\s+after\\s+tomorrow\\b`, 'i'),
    read: (_, { today }) => on(shiftDay(today, 2)),
  },
  { pattern: /大后[天日]/, read: (_, { today }) => on(shiftDay(today, 3)) },
  { pattern: /后[天日]/, read: (_, { today }) => on(shiftDay(today, 2)) },
  {
    pattern: new RegExp(`${lead}\\b(?:tomorrow|tmrw?)\\b`, 'i'),
    read: (_, { today }) => on(shiftDay(today, 1)),
  },
  { pattern: /明[天日]/, read: (_, { today }) => on(shiftDay(today, 1)) },
  { pattern: new RegExp(`${lead}\\btoday\\b|\\b(?=tonight\\b)`, 'i'), read: (_, { today }) => on(today) },
  { pattern: /今[天日]/, read: (_, { today }) => on(today) },
  {
    pattern: /(下下|下个?|这个?|本)?(?:周|星期|礼拜)([一二三四五六日天])/,
    read: ([, which, day], now) =>
      on(weekday(chineseDay(day), which === undefined ? null : (which.match(/下/g) ?? []).length, now)),
  },
  { pattern: /下个?(?:周|星期|礼拜)(?![一二三四五六日天末])/, read: (_, now) => on(weekday(0, 1, now)) },
  {
    pattern: /(?:本|这)?周末/,
    read: (_, now) => on(weekday(5, 0, now) < now.today ? now.today : weekday(5, 0, now)),
  },
  {
    pattern: new RegExp(`(?:\\b(?:on|by|before|due)\\s+)?\\b(?:(next|this)\\s+)?${weekdayName}\\b`, 'i'),
    read: ([, which, name], now) => {
      const day = weekdays.indexOf((name ?? '').slice(0, 3).toLowerCase())
      return on(weekday(day, which === undefined ? null : which.toLowerCase() === 'next' ? 1 : 0, now))
    },
  },
  { pattern: /\bnext\s+week\b/i, read: (_, now) => on(weekday(0, 1, now)) },
  {
    pattern: /\bnext\s+month\b/i,
    read: (_, { today }) => on(`${(inMonths(`${today.slice(0, 8)}01`, 1) ?? today).slice(0, 8)}01`),
  },
  {
    pattern: /下个?月(\d{1,2})[日号]?/,
    read: ([, day], { today }) => {
      const first = inMonths(`${today.slice(0, 8)}01`, 1) ?? today
      return on(dateOf(yearOf(first), monthOf(first), Number(day)))
    },
  },
  {
    pattern: /月底|\b(?:by\s+)?(?:the\s+)?end\s+of\s+(?:the\s+)?month\b|\beom\b/i,
    read: (_, { today }) => on(shiftDay(inMonths(`${today.slice(0, 8)}01`, 1) ?? today, -1)),
  },
  {
    pattern: /(\d{1,2}|[一二三四五六七八九十]{1,2})月(\d{1,2}|[一二三四五六七八九十]{1,3})[日号]?/,
    read: ([, month, day], now) => on(comingDate(numberOf(month ?? ''), numberOf(day ?? ''), now)),
  },
  {
    pattern: new RegExp(`${lead}\\b${monthName}\\s+(\\d{1,2})(?:st|nd|rd|th)?\\b(?:,?\\s+(\\d{4}))?`, 'i'),
    read: ([, month, day, year], now) =>
      on(
        year
          ? dateOf(Number(year), monthAt(month), Number(day))
          : comingDate(monthAt(month), Number(day), now),
      ),
  },
  {
    pattern: new RegExp(
      `${lead}\\b(\\d{1,2})(?:st|nd|rd|th)?\\s+${monthName}(?![a-z])(?:,?\\s+(\\d{4}))?`,
      'i',
    ),
    read: ([, day, month, year], now) =>
      on(
        year
          ? dateOf(Number(year), monthAt(month), Number(day))
          : comingDate(monthAt(month), Number(day), now),
      ),
  },
  {
    pattern: /(?:\b(?:on|by|due)\s+)?(?<![\d/.])(\d{1,2})\/(\d{1,2})(?![\d/])/i,
    read: ([, month, day], now) => on(comingDate(Number(month), Number(day), now)),
  },
  {
    pattern: /(?<![\d月])(\d{1,2})[号日](?!\d)/,
    read: ([, day], { today }) => {
      const here = dateOf(yearOf(today), monthOf(today), Number(day))
      if (here !== null && here >= today) return on(here)
      const first = inMonths(`${today.slice(0, 8)}01`, 1) ?? today
      return on(dateOf(yearOf(first), monthOf(first), Number(day)))
    },
  },
]

function clock(hours: number, minutes: number): Moment | null {
  return hours <= 23 && minutes <= 59 ? { minutes: hours * 60 + minutes } : null
}
const late = /下午|傍晚|晚/
function chineseClock(part: string | undefined, hours: number, minutes: number): Moment | null {
  const isNoon = part === '中午' && hours < 11
  return clock(hours < 12 && (isNoon || late.test(part ?? '')) ? hours + 12 : hours, minutes)
}
const dayParts: Record<string, number> = { 早: 540, 上: 540, 中: 720, 下: 840, 傍: 1080, 晚: 1140 }
const dayPart = '(凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|早|晚)'

const times: readonly Rule<Moment>[] = [
  {
    pattern: new RegExp(
      `${dayPart}?\\s*${number}\\s*(?:点钟?|时)(?:(半)|([一三])刻|(\\d{1,2}|[一二三四五]?十?[〇一二三四五六七八九]?)分?)?`,
    ),
    read: ([, part, hours, half, quarter, minutes]) => {
      const past = half ? 30 : quarter ? numberOf(quarter) * 15 : minutes ? numberOf(minutes) : 0
      return past < 0 ? null : chineseClock(part, numberOf(hours ?? ''), past)
    },
  },
  {
    pattern: new RegExp(`${dayPart}\\s*(\\d{1,2})[:：](\\d{2})`),
    read: ([, part, hours, minutes]) => chineseClock(part, Number(hours), Number(minutes)),
  },
  {
    pattern: /(?:\b(?:at|by|from)\s+)?(?<!\d)(\d{1,2})(?::(\d{2}))?\s*([ap])\.?m\b\.?/i,
    read: ([, hours, minutes, half]) =>
      Number(hours) > 12
        ? null
        : clock((Number(hours) % 12) + (/p/i.test(half ?? '') ? 12 : 0), Number(minutes ?? 0)),
  },
  {
    pattern: /(?:\b(?:at|by|from)\s+)?(?<![\d:])(\d{1,2})[:：](\d{2})(?![\d:])/i,
    read: ([, hours, minutes]) => clock(Number(hours), Number(minutes)),
  },
  {
    pattern: /\bat\s+(\d{1,2})(?!\S)/i,
    read: ([, hours]) => clock(Number(hours) < 8 ? Number(hours) + 12 : Number(hours), 0),
  },
  { pattern: /\b(?:at\s+)?noon\b/i, read: () => clock(12, 0) },
  { pattern: /\b(?:in\s+the\s+)?morning\b/i, read: () => clock(9, 0) },
  { pattern: /\b(?:in\s+the\s+)?afternoon\b/i, read: () => clock(14, 0) },
  { pattern: /\b(?:tonight|(?:in\s+the\s+)?evening)\b/i, read: () => clock(19, 0) },
  {
    pattern: /早上|早晨|上午|中午|下午|傍晚|晚上/,
    read: ([part]) => ({ minutes: dayParts[part[0] ?? ''] ?? 540 }),
  },
]

const kinds: readonly [Draft['kind'], RegExp][] = [
  ['call', /^(?:call|phone|ring)\b|打(?:个|一个)?电话|^电话|致电|回电|去电/i],
  ['visit', /^visit\b|拜访|走访|上门/i],
  ['meeting', /^(?:meeting|meet)\b|开会|^会议|^见面|^约见/i],
]
/** What stands around a name: who is called, to whom something is sent. */
const around =
  /^(?:call|phone|ring|visit|meeting|meet|email|write|send|ask)\s+(?:with\s+|to\s+)?|打(?:个|一个)?电话|致电|回电|去电|拜访|走访|上门|开会|会议|[给向跟和与找约请]/gi

function take<T>(text: string, rules: readonly Rule<T>[], now: Now): [T | null, string] {
  for (const { pattern, read } of rules) {
    const found = pattern.exec(text)
    const value = found && read(found, now)
    if (found && value !== null)
      return [value, `${text.slice(0, found.index)} ${text.slice(found.index + found[0].length)}`]
  }
  return [null, text]
}

function colleague(text: string, now: Now): [number | null, string] {
  const at = /(?:^|\s)@/.exec(text)
  if (!at) return [null, text]
  const start = at.index + at[0].length
  const rest = text.slice(start).toLowerCase()
  const whole = now.colleagues
    .filter(({ name }) => rest.startsWith(name.toLowerCase()))
    .sort((a, b) => b.name.length - a.name.length)[0]
  const word = /^\S+/.exec(rest)?.[0] ?? ''
  const begun = word ? now.colleagues.filter(({ name }) => name.toLowerCase().startsWith(word)) : []
  const found = whole ?? (begun.length === 1 ? begun[0] : undefined)
  if (!found) return [null, text]
  const end = start + (whole ? whole.name.length : word.length)
  return [found.id, `${text.slice(0, at.index)} ${text.slice(end)}`]
}

const urgent = /紧急|加急|\b(?:urgent|asap)\b/i
const marks: readonly Rule<Draft['priority']>[] = [
  { pattern: /(?:^|\s)[!！](?:low|低|不急)(?=\s|$)/i, read: () => 'low' },
  { pattern: /(?:^|\s)[!！]{1,3}(?:high|高|重要|紧急)?(?=\s|$)/i, read: () => 'high' },
]

const tidy = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/(?<=[\p{Script=Han}]) (?=[\p{Script=Han}])/gu, '')
    .replace(/^[\s,，、;；:：]+|[\s,，、;；:：]+$/g, '')
    .replace(/\s+(?:on|at|by|before|due)$/i, '')

/**
 * Reads one line as a task, in English or Chinese: `call Wang Wei tomorrow 10:00`, `明天下午3点给王总打电话`.
 *
 * @param refused Parts that the reader wants to be words again.
 */
export function readLine(text: string, now: Now, refused: ReadonlySet<DraftPart> = new Set()): Draft {
  // Full-width digits and signs are what an input method leaves behind.
  let rest = text.replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
  let moment: Moment = {}
  if (!refused.has('when')) {
    const spelled = rest.replace(/([今明])([早晚])上?/g, '$1天$2上')
    const [date, behind] = take(spelled, dates, now)
    const [time, left] = date?.minutes === undefined ? take(behind, times, now) : [null, behind]
    moment = { ...date, ...time }
    if (date || time) rest = left
  }
  let priority: Draft['priority'] = 'normal'
  if (!refused.has('priority')) {
    const [mark, left] = take(rest, marks, now)
    rest = left
    priority = mark ?? (urgent.test(rest) ? 'high' : 'normal')
  }
  let assigneeId: number | null = null
  if (!refused.has('assignee')) [assigneeId, rest] = colleague(rest, now)
  const subject = tidy(rest)
  const kind = refused.has('kind')
    ? 'todo'
    : (kinds.find(([, pattern]) => pattern.test(subject))?.[0] ?? 'todo')
  // A time of day alone is the next one.
  const minutes = moment.minutes ?? null
  const day = moment.on ?? (minutes === null ? null : shiftDay(now.today, minutes > now.minutes ? 0 : 1))
  return { subject, kind, on: day, minutes, priority, assigneeId, about: tidy(subject.replace(around, ' ')) }
}
