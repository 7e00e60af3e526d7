import { FileUp, Keyboard, LogOut, Moon, PanelLeft, Redo2, Search, Settings, Sun, Undo2 } from '@lucide/vue'
import { useRouter } from 'vue-router'
import { useI18n } from 'vue-i18n'
import { useLive } from '@/records/context'
import { usePreferences } from '@/session/preferences'
import { useSession } from '@/session/session'
import { useCommands, type Command } from '@/ui/shortcuts'
import { adminPages, importPermissions, places } from './navigation'

/** What can be done from anywhere: go to a place, search, help, theme, sign out. */
export function useShellCommands(open: { openPalette: () => void; openSheet: () => void }): void {
  const { t } = useI18n()
  const router = useRouter()
  const session = useSession()
  const preferences = usePreferences()
  const { undo } = useLive()

  const goTo = places.map<Command>((place) => ({
    id: `go.${place.name}`,
    label: () => t('shell.goTo', { place: t(place.label) }),
    group: 'navigation',
    icon: place.icon,
    keys: [`g ${place.key}`],
    when: () => place.permission === undefined || session.can(place.permission),
    run: () => void router.push({ name: place.name }),
  }))
  const goToAdmin = adminPages.map<Command>((page) => ({
    id: `go.${page.name}`,
    label: () => t('shell.goTo', { place: t(page.title) }),
    group: 'navigation',
    when: () => session.can(page.permission),
    run: () => void router.push({ name: page.name }),
  }))
  useCommands([
    ...goTo,
    ...goToAdmin,
    {
      id: 'import',
      label: () => t('action.import'),
      group: 'actions',
      icon: FileUp,
      when: () => session.can(importPermissions),
      run: () => void router.push({ name: 'import' }),
    },
    {
      id: 'go.settings',
      label: () => t('shell.goTo', { place: t('nav.settings') }),
      group: 'navigation',
      icon: Settings,
      keys: ['g s'],
      run: () => void router.push({ name: 'settings' }),
    },
    {
      id: 'palette',
      label: () => t('shell.palette'),
      group: 'general',
      icon: Search,
      keys: ['mod+k'],
      inFields: true,
      hidden: true,
      run: open.openPalette,
    },
    {
      // On a page with a list the key belongs to its search box.
      id: 'palette.slash',
      label: () => t('shell.search'),
      group: 'general',
      icon: Search,
      keys: ['/'],
      hidden: true,
      run: open.openPalette,
    },
    {
      id: 'help',
      label: () => t('shell.shortcuts'),
      group: 'general',
      icon: Keyboard,
      keys: ['?'],
      run: open.openSheet,
    },
    {
      id: 'undo',
      label: () => t('undo.last'),
      group: 'actions',
      icon: Undo2,
      keys: ['mod+z'],
      run: (event) => void (event?.repeat || undo.undoLast()),
    },
    {
      id: 'redo',
      label: () => t('undo.again'),
      group: 'actions',
      icon: Redo2,
      keys: ['mod+shift+z', 'mod+y'],
      run: (event) => void (event?.repeat || undo.redoLast()),
    },
    {
      id: 'sidebar',
      label: () => t('shell.toggleSidebar'),
      group: 'general',
      icon: PanelLeft,
      keys: ['['],
      run: () => (preferences.isSidebarOpen = !preferences.isSidebarOpen),
    },
    {
      id: 'theme.light',
      label: () => t('shell.useLight'),
      group: 'general',
      icon: Sun,
      when: () => preferences.isDark,
      run: () => (preferences.theme = 'light'),
    },
    {
      id: 'theme.dark',
      label: () => t('shell.useDark'),
      group: 'general',
      icon: Moon,
      when: () => !preferences.isDark,
      run: () => (preferences.theme = 'dark'),
    },
    {
      id: 'sign-out',
      label: () => t('auth.signOut'),
      group: 'general',
      icon: LogOut,
      run: () => void session.signOut(),
    },
  ])
}
