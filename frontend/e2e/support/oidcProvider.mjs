// A real OpenID provider for the tests: `oidc-provider`, certified, with people that the caller names.
//
// The environment says PORT, CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS (JSON), PEOPLE (JSON: claims by the login that is
// typed in, any password will do), KEY (a word: another word is another signing key), ID_TOKEN_SECONDS, CLOCK_SECONDS. It prints
// "ready" when it listens and ends with its standard input.
import { createHash, generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

const {
  PORT,
  CLIENT_ID,
  CLIENT_SECRET,
  KEY = 'first',
  ID_TOKEN_SECONDS = '3600',
  CLOCK_SECONDS = '0',
} = process.env
const people = JSON.parse(process.env.PEOPLE ?? '{}')
// A provider whose clock is wrong.
const clock = Date.now
Date.now = () => clock() + Number(CLOCK_SECONDS) * 1000
const issuer = `http://127.0.0.1:${PORT}`

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const kid = createHash('sha256').update(KEY).digest('hex').slice(0, 12)

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: JSON.parse(process.env.REDIRECT_URIS),
      response_types: ['code'],
      grant_types: ['authorization_code'],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid }] },
  cookies: { keys: ['a key of the tests'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  ttl: {
    IdToken: Number(ID_TOKEN_SECONDS),
    AccessToken: 600,
    AuthorizationCode: 60,
    Session: 600,
    Interaction: 600,
    Grant: 600,
  },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
})

provider.listen(Number(PORT), '127.0.0.1', () => console.log('ready'))
process.stdin.resume().on('end', () => process.exit(0))
