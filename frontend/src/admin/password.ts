// Without characters that are taken for one another when read aloud or copied by hand.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

/** A password of four groups of four, to be read out or handed over once: about 79 bits. */
export function makePassword(): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < 16) {
    // Bytes above the last whole multiple would favour the first letters.
    for (const byte of crypto.getRandomValues(new Uint8Array(32)))
      if (byte < limit && text.length < 16) text += alphabet[byte % alphabet.length]
  }
  return text.replace(/(.{4})(?=.)/g, '$1-')
}
