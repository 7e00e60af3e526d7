import { rest } from '@/api/rest'

/** Says, until the browser is back from a provider, that an account is being linked there and not signed in with. */
const entry = 'lianxi.linking'

/** Sends the browser to a provider, which sends it back to `/sso/KEY`. */
export async function goTo(path: string, body: object, linking: string | null = null): Promise<void> {
  const { url } = await rest.post<{ url: string }>(path, body, { receipt: null })
  if (linking) sessionStorage.setItem(entry, linking)
  else sessionStorage.removeItem(entry)
  location.assign(url)
}

/** Whether the browser is back from linking an account of a provider; it is told once. */
export function wasLinking(provider: string): boolean {
  const known = sessionStorage.getItem(entry) === provider
  sessionStorage.removeItem(entry)
  return known
}
