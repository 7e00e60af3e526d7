import { client, prefix } from '@/api/client'

/** Brings a quote as a PDF file. */
export async function downloadPdf(id: number, name: string, language: 'zh-CN' | 'en'): Promise<void> {
  const { data } = await client.GET(`${prefix}/quotes/{id}/pdf`, {
    params: { path: { id }, query: { language } },
    parseAs: 'blob',
  })
  const address = URL.createObjectURL(data as Blob)
  const link = document.createElement('a')
  link.href = address
  link.download = `${name}.${language}.pdf`
  link.click()
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** A logo as an address for `<img>`; whoever asks gives it back when done. */
export async function logoAddress(digest: string): Promise<string> {
  const { data } = await client.GET(`${prefix}/settings/company/logos/{digest}`, {
    params: { path: { digest } },
    parseAs: 'blob',
  })
  return URL.createObjectURL(data as Blob)
}
