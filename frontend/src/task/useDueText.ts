import { useI18n } from 'vue-i18n'
import { useFormat } from '@/i18n/format'
import { dueDay, momentOf, shiftDay, type Times } from './days'

/** When a task is due, in few words: `Tomorrow 10:00`, `Dec 1`. */
export function useDueText() {
  const { t } = useI18n()
  const { dayOf, shortDate, time } = useFormat()

  function dayText(day: string, today: string): string {
    if (day === today) return t('time.today')
    if (day === shiftDay(today, 1)) return t('time.tomorrow')
    if (day === shiftDay(today, -1)) return t('time.yesterday')
    return shortDate(day)
  }
  function dueText(task: Times, today: string): string {
    const day = dueDay(task, dayOf)
    if (day === null) return ''
    const moment = momentOf(task)
    if (moment === null) return dayText(day, today)
    const isSpan = task.due_at === null && task.ends_at !== null && dayOf(task.ends_at) === day
    const clock = isSpan && task.ends_at ? `${time(moment)}–${time(task.ends_at)}` : time(moment)
    return `${dayText(day, today)} ${clock}`
  }
  return { dayText, dueText }
}
