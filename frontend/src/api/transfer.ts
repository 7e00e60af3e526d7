import { credentialsNow, prefix, refusalOf } from './client'
import { randomKey } from './key'
import { Problem } from './problem'
import { noteWrite, type Receipt } from './receipt'

/** In bytes: the server takes no larger one, so that it is not even sent. */
export const largestFile = 50 * 1024 * 1024

interface Upload {
  path: string
  form: FormData
  /** How much has gone out, from 0 to 1. */
  onProgress: (share: number) => void
  signal: AbortSignal
  receipt?: Receipt
}

// `fetch` does not tell how much of a body has gone out.
function sendForm(
  { path, form, onProgress, signal, receipt }: Upload,
  token: string | null,
  key: string,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `${globalThis.location.origin}${prefix}${path}`)
    request.responseType = 'text'
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.setRequestHeader('Accept-Language', credentialsNow().language())
    request.setRequestHeader('Idempotency-Key', key)
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    }
    request.onload = () => {
      noteWrite(path, { get: (name) => request.getResponseHeader(name) }, receipt)
      const type = request.getResponseHeader('Content-Type') ?? ''
      resolve(
        new Response(request.responseText, { status: request.status, headers: { 'Content-Type': type } }),
      )
    }
    request.onerror = () => reject(new Problem(0))
    request.onabort = () => reject(new DOMException('', 'AbortError'))
    signal.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

/** Uploads a form and tells how far it is. A token that has run out meanwhile is renewed once. */
export async function upload<T>(what: Upload): Promise<T> {
  const key = randomKey()
  const token = await credentialsNow().token()
  let answer = await sendForm(what, token, key)
  if (answer.status === 401 && (await credentialsNow().renew(token)))
    answer = await sendForm(what, await credentialsNow().token(), key)
  if (!answer.ok) throw await refusalOf(answer)
  return (await answer.json()) as T
}

/** Saves what an address answers under a name; with a body it is asked by `POST`. */
export async function download(path: string, name: string, body?: object): Promise<void> {
  const load = async (token: string | null): Promise<Response> =>
    fetch(`${prefix}${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: {
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        'Accept-Language': credentialsNow().language(),
      },
    }).catch(() => {
      throw new Problem(0)
    })
  const token = await credentialsNow().token()
  let answer = await load(token)
  if (answer.status === 401 && (await credentialsNow().renew(token)))
    answer = await load(await credentialsNow().token())
  if (!answer.ok) throw await refusalOf(answer)
  const address = URL.createObjectURL(await answer.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
