import { useI18n } from 'vue-i18n'

/** Rights in words: `customer:read` is “Customers: read”. */
export function useScopeWords() {
  const { t, te, locale } = useI18n()
  const spoken = (key: string, else_: string): string => (te(key) ? t(key) : else_)
  const resource = (name: string): string => spoken(`account.scope.${name}`, name)
  const action = (name: string): string => spoken(`account.action.${name}`, name)

  return {
    resource,
    action,
    /** Several of them, by kind of record. */
    list(scopes: readonly string[]): string {
      const groups = new Map<string, string[]>()
      for (const scope of scopes) {
        const [name = scope, verb] = scope.split(':')
        groups.set(name, [...(groups.get(name) ?? []), ...(verb ? [action(verb)] : [])])
      }
      const isChinese = locale.value === 'zh-CN'
      return [...groups]
        .map(([name, verbs]) =>
          verbs.length === 0
            ? resource(name)
            : `${resource(name)}${isChinese ? '：' : ': '}${verbs.join(isChinese ? '、' : ', ')}`,
        )
        .join(isChinese ? '；' : '; ')
    },
  }
}
