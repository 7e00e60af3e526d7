import { client, prefix } from '@/api/client'
import type { Query } from '@/api/rest'

type Files = (method: string, path: string, init: object) => Promise<{ data?: Blob; response: Response }>

/** Fetches a report as a file with the reader's token and hands it to the browser to be saved. */
export async function saveReport(path: string, query: Query, format: 'csv' | 'xlsx'): Promise<string> {
  const wanted = Object.entries<Query[string]>({ ...query, format }).filter(
    ([, value]) => value != null && value !== '',
  )
  const { data, response } = await (client.request as unknown as Files)('get', `${prefix}/reports/${path}`, {
    params: { query: Object.fromEntries(wanted) },
    parseAs: 'blob',
  })
  const name =
    fileName(response.headers.get('Content-Disposition')) ?? `${path.replaceAll('/', '_')}.${format}`
  const address = URL.createObjectURL(data ?? new Blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // Some browsers read the address a moment after the click.
  setTimeout(() => URL.revokeObjectURL(address), 30_000)
  return name
}

/** The name that an answer gives its file. */
export function fileName(disposition: string | null): string | null {
  return /filename="([^"/\\]+)"/.exec(disposition ?? '')?.[1] ?? null
}
