import {
  CalendarCheck,
  CalendarClock,
  CircleX,
  MessageSquarePlus,
  MoveRight,
  Shuffle,
  Trophy,
} from '@lucide/vue'
import { shallowRef, watch, type Component } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { Deal } from '@/api/types'
import { useSession } from '@/session/session'
import type { MenuEntry } from '@/ui/menu'
import { useCommands } from '@/ui/shortcuts'
import type { useHygieneActions } from './useHygieneActions'
import type { useHygieneFocus } from './useHygieneFocus'

/** A dialog of the page, and the deal that it is about. */
interface Asking {
  deal: Deal
  what: 'step' | 'close' | 'log'
}

interface Act {
  id: string
  label: (deal: Deal) => string
  icon: Component
  key: string
  run: (deal: Deal) => void
  when?: (deal: Deal) => boolean
}

/** What can be done with the deal of a row: declared once, for its menu and for the keys. */
export function useHygieneCommands(
  actions: ReturnType<typeof useHygieneActions>,
  focus: ReturnType<typeof useHygieneFocus>,
) {
  const { t } = useI18n()
  const router = useRouter()
  const session = useSession()
  const asking = shallowRef<Asking | null>(null)
  watch(asking, (now) => now === null && focus.regain(), { flush: 'post' })
  const canLog = (deal: Deal): boolean => deal.customer_id !== null && session.can('contact:write')

  const acts: readonly Act[] = [
    {
      id: 'step',
      label: () => `${t('hygiene.setStep')}…`,
      icon: CalendarCheck,
      key: 's',
      run: (deal) => (asking.value = { deal, what: 'step' }),
    },
    {
      id: 'log',
      label: () => `${t('hygiene.log')}…`,
      icon: MessageSquarePlus,
      key: 'n',
      run: (deal) => (asking.value = { deal, what: 'log' }),
      when: canLog,
    },
    {
      id: 'close',
      label: () => `${t('hygiene.moveClose')}…`,
      icon: CalendarClock,
      key: 'e',
      run: (deal) => (asking.value = { deal, what: 'close' }),
    },
    {
      id: 'next',
      label: (deal) => t('hygiene.toStage', { stage: actions.nextStage(deal)?.name ?? '' }),
      icon: MoveRight,
      key: 'alt+arrowright',
      run: (deal) => void actions.goOn(deal),
      when: (deal) => actions.nextStage(deal) !== null,
    },
    {
      id: 'move',
      label: () => t('deal.moveTo'),
      icon: Shuffle,
      key: 'm',
      run: (deal) => void actions.moveTo(deal),
    },
    { id: 'win', label: () => t('deal.win'), icon: Trophy, key: 'w', run: (deal) => void actions.win(deal) },
    {
      id: 'lose',
      label: () => t('deal.lose'),
      icon: CircleX,
      key: 'l',
      run: (deal) => void actions.lose(deal),
    },
  ]
  const may = (act: Act, deal: Deal | null): deal is Deal =>
    deal?.can_write === true && act.when?.(deal) !== false
  const open = (deal: Deal): void => void router.push({ name: 'deal', params: { id: deal.id } })

  function menuOf(deal: Deal): MenuEntry[] {
    const own = acts
      .filter((act) => may(act, deal))
      .map((act) => ({ label: act.label(deal), icon: act.icon, keys: act.key, run: () => act.run(deal) }))
    return [
      ...own,
      { kind: 'line' },
      { label: t('deal.openDeal'), keys: 'enter', run: () => open(deal) },
    ].slice(own.length > 0 ? 0 : 1) as MenuEntry[]
  }

  useCommands([
    {
      id: 'list.next',
      label: () => t('list.next'),
      group: 'list',
      keys: ['j'],
      hidden: true,
      run: () => focus.step(1),
    },
    {
      id: 'list.previous',
      label: () => t('list.previous'),
      group: 'list',
      keys: ['k'],
      hidden: true,
      run: () => focus.step(-1),
    },
    ...acts.map((act) => ({
      id: `hygiene.${act.id}`,
      label: () => (focus.current.value ? act.label(focus.current.value) : ''),
      group: 'list' as const,
      icon: act.icon,
      keys: [act.key],
      when: () => may(act, focus.current.value),
      run: () => {
        const deal = focus.current.value
        if (deal) act.run(deal)
      },
    })),
  ])

  return { asking, menuOf, canLog }
}
