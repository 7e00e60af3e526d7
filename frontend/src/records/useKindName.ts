import { useI18n } from 'vue-i18n'
import { useOptions } from './useOptions'

/** What the kinds of contact record are called: the words of an admin, until they are loaded those of the product. */
export function useKindName(): (kind: string) => string {
  const { t, te } = useI18n()
  const kinds = useOptions('contact_kind')
  return (kind) => {
    const label = kinds.label(kind)
    return label === kind && te(`contact.kind.${kind}`) ? t(`contact.kind.${kind}`) : label
  }
}
