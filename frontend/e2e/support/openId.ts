import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from './product'

const script = fileURLToPath(new URL('./oidcProvider.mjs', import.meta.url))
const client = { id: 'lianxi', secret: 'a secret of the journeys' }

/** A real OpenID provider with people of its own, and how the product is told of it. */
export class OpenId {
  private constructor(
    /** What the product's environment says. */
    readonly settings: NodeJS.ProcessEnv,
    /** Ends the provider. */
    readonly end: () => void,
  ) {}

  /** Starts it for a product that will answer at `url`. */
  static async start(url: string, people: Record<string, object>): Promise<OpenId> {
    const port = await freePort()
    const one = spawn(process.execPath, [script], {
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        CLIENT_ID: client.id,
        CLIENT_SECRET: client.secret,
        REDIRECT_URIS: JSON.stringify([`${url}/sso/corp`]),
        PEOPLE: JSON.stringify(people),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    await once(one.stdout, 'data')
    const settings = {
      PUBLIC_URL: url,
      SSO_PROVIDERS: 'corp,wecom',
      SSO_CORP_NAME: 'Example',
      SSO_CORP_ISSUER: `http://127.0.0.1:${port}`,
      SSO_CORP_CLIENT_ID: client.id,
      SSO_CORP_CLIENT_SECRET: client.secret,
      SSO_CORP_CREATE_USERS: '1',
      SSO_CORP_DOMAINS: 'example.com',
      SSO_WECOM_CORP_ID: 'ww1',
      SSO_WECOM_AGENT_ID: '1000002',
      SSO_WECOM_SECRET: 'nobody is asked',
      SSO_ALLOW_CIDRS: '127.0.0.1/32',
    }
    return new OpenId(settings, () => one.stdin.end())
  }
}
