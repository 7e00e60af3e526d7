import { usePreferences, type LocaleName } from './preferences'
import { useSession } from './session'

/** The reader's language: at once on this device, and kept with the account for mails and other devices. */
export function useLanguage(): { choose: (name: LocaleName) => void } {
  const session = useSession()
  const preferences = usePreferences()
  return {
    choose(name) {
      preferences.locale = name
      // The device has switched already; the account follows when the server can be reached.
      if (session.status === 'active') void session.updateMe({ language: name }).catch(() => undefined)
    },
  }
}
