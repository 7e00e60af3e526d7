/** A random key of 128 bits. `crypto.randomUUID` is missing on plain http, `getRandomValues` never is. */
export function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
