import { client, prefix } from '@/api/client'
import { upload } from '@/api/transfer'
import type { Receipt } from '@/api/receipt'
import type { Attachment } from '@/api/types'

/** In bytes; the same as the server takes with a card. */
export const largestPhoto = 5 * 1024 * 1024

const kept = new RegExp(`^${prefix}/attachments/(\\d+)/content$`)

/** The address on the web at which a photo lies that is not kept here. */
export function siteOfPhoto(photo: string | File | null): string | null {
  return typeof photo === 'string' && /^https?:\/\//i.test(photo) ? photo : null
}

/** A kept photo as an address for `<img>`, null where there is none in sight; whoever asks gives it back when done. */
export async function photoAddress(photo: string | null): Promise<string | null> {
  const id = Number(kept.exec(photo ?? '')?.[1] ?? 0)
  if (!id) return null
  try {
    const { data } = await client.GET(`${prefix}/attachments/{id}/content`, {
      params: { path: { id } },
      parseAs: 'blob',
    })
    return URL.createObjectURL(data as Blob)
  } catch {
    return null
  }
}

/** Keeps a photo as a file of the customer; gives the address under which it lies there. */
export async function keepPhoto(file: File, customerId: number, receipt: Receipt): Promise<string> {
  const form = new FormData()
  form.set('customer_id', String(customerId))
  form.set('file', file, file.name)
  const made = await upload<Attachment>({
    path: '/attachments',
    form,
    signal: new AbortController().signal,
    receipt,
    onProgress: () => undefined,
  })
  return `${prefix}/attachments/${made.id}/content`
}
