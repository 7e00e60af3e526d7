// Verify a webhook of Lianxi CRM, with Node alone. `verify` is all that a receiver needs.
// By itself the program takes a request from files, as a test does: node verify.js SECRET headers.json body.bin

const { createHmac, timingSafeEqual } = require('node:crypto')
const { readFileSync } = require('node:fs')

// Seconds by which a message may be older or newer than one's own clock: what was overheard is worthless later.
const TOLERANCE = 5 * 60

/**
 * What a message says, once it is proven to be genuine; throws where it is not: answer 400 and do nothing.
 *
 * Keep `webhook-id` and skip what you have seen: a message may arrive twice.
 *
 * @param {string} secret As it was shown, `whsec_...`.
 * @param {Record<string, string>} headers Of the request.
 * @param {Buffer} body Exactly as it arrived, before anything has parsed it.
 * @param {number} now The present in seconds.
 */
function verify(secret, headers, body, now = Date.now() / 1000) {
  const found = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const id = found['webhook-id']
  const stamp = found['webhook-timestamp'] ?? ''
  if (!id || !/^[0-9]+$/.test(stamp)) throw new Error('headers are missing')
  if (Math.abs(now - Number(stamp)) > TOLERANCE) throw new Error('too old, or from the future')
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${stamp}.`).update(body).digest()
  // Several while the secret is changed; each is compared in a time that tells nothing.
  const fits = (found['webhook-signature'] ?? '').split(' ').some((signature) => {
    const [version, text = ''] = signature.split(',')
    const given = Buffer.from(text, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
  if (!fits) throw new Error('no signature fits')
  return JSON.parse(body.toString('utf8'))
}

module.exports = { verify }

if (require.main === module) {
  const [secret, headers, body] = process.argv.slice(2)
  try {
    const told = verify(secret, JSON.parse(readFileSync(headers, 'utf8')), readFileSync(body))
    console.log(told.type, told.data.id)
  } catch (refusal) {
    console.error(`refused: ${refusal.message}`)
    process.exit(1)
  }
}
