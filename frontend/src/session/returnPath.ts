/**
 * The page to open after signing in: a path of ours, whatever the address bar was made to say.
 *
 * `//evil.example`, `/\evil.example`, `https:evil.example` and control characters all lead home.
 */
export function safeReturnPath(next: unknown, origin: string = location.origin): string {
  if (typeof next !== 'string' || !/^\/(?![/\\])/.test(next) || /[\u0000-\u001f\\]/.test(next)) return '/'
  try {
    const url = new URL(next, origin)
    if (url.origin !== origin || url.pathname === '/login') return '/'
    return url.pathname + url.search + url.hash
  } catch {
    return '/'
  }
}
