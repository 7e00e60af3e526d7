import { ArrowRightLeft, CircleCheck, CircleX } from '@lucide/vue'
import { useI18n } from 'vue-i18n'
import type { Deal } from '@/api/types'
import { useCommands } from '@/ui/shortcuts'
import type { useDealMoves } from './useDealMoves'
import type { useBoardSelection } from './useBoardSelection'

interface BoardCommands {
  activeCard: () => Deal | undefined
  focusedId: () => number | null
  canMove: (id: number) => boolean
  step: (id: number, key: string) => void
  moves: ReturnType<typeof useDealMoves>
  selection: ReturnType<typeof useBoardSelection>
  /** Asks where the chosen cards go. */
  moveChosen: () => void
}

/** What keys do with the card that has the focus. */
export function useBoardCommands(options: BoardCommands): void {
  const { activeCard, focusedId, canMove, step, moves, selection, moveChosen } = options
  const { t } = useI18n()
  const isReady = (): boolean => {
    const card = activeCard()
    return card !== undefined && canMove(card.id)
  }
  const isOpen = (): boolean => isReady() && activeCard()?.state === 'open'
  const withCard =
    (act: (deal: Deal) => void) =>
    (event?: KeyboardEvent): void => {
      const card = activeCard()
      // By key the card must have the focus now; from the palette it is the one that had it.
      if (card && (!event || focusedId() === card.id)) act(card)
    }
  const steps = [
    ['ArrowLeft', 'deal.key.left'],
    ['ArrowRight', 'deal.key.right'],
    ['ArrowUp', 'deal.key.up'],
    ['ArrowDown', 'deal.key.down'],
  ] as const
  useCommands([
    ...steps.map(([key, label]) => ({
      id: `board.${key}`,
      label: () => t(label),
      group: 'list' as const,
      keys: [`alt+${key.toLowerCase()}`],
      hidden: true,
      when: () => isReady(),
      run: () => {
        const id = focusedId()
        if (id !== null) step(id, key)
      },
    })),
    {
      id: 'deal.moveTo',
      label: () => t('deal.moveTo'),
      group: 'actions',
      icon: ArrowRightLeft,
      keys: ['m'],
      when: () => selection.chosen.value.size > 0 || isReady(),
      run: (event) => {
        if (selection.chosen.value.size > 0) moveChosen()
        else withCard((deal) => void moves.moveTo(deal))(event)
      },
    },
    {
      id: 'board.choose',
      label: () => t('deal.key.choose'),
      group: 'list',
      keys: ['x'],
      hidden: true,
      when: isReady,
      run: () => {
        const id = focusedId()
        if (id !== null) selection.toggle(id)
      },
    },
    {
      id: 'board.chooseNone',
      label: () => t('bulk.clear'),
      group: 'list',
      keys: ['escape'],
      hidden: true,
      when: () => selection.chosen.value.size > 0,
      run: () => selection.clear(),
    },
    {
      id: 'deal.win',
      label: () => t('deal.win'),
      group: 'actions',
      icon: CircleCheck,
      keys: ['w'],
      when: isOpen,
      run: withCard((deal) => void moves.win(deal)),
    },
    {
      id: 'deal.lose',
      label: () => t('deal.lose'),
      group: 'actions',
      icon: CircleX,
      keys: ['l'],
      when: isOpen,
      run: withCard((deal) => void moves.lose(deal)),
    },
  ])
}
