import {
  expect,
  type Browser,
  type BrowserContext,
  type Page,
  type Request,
  type WebSocket,
} from '@playwright/test'
import type { Language, Person } from './cast'

/** How somebody looks at the product. */
export interface View {
  width: number
  height: number
  theme?: 'light' | 'dark'
  language?: Language
  touch?: boolean
}

export const desk: View = { width: 1440, height: 900 }
export const phone: View = { width: 390, height: 844, touch: true }

/** One person in front of one browser. Whatever goes wrong in it is collected and judged at the end. */
export class Actor {
  /** Requests since the last {@link Actor.watch}. */
  private requests: Request[] = []
  private readonly underWay = new Set<Request>()
  private readonly refused: string[] = []
  private readonly faults: string[] = []
  private readonly expected: RegExp[] = []
  /** Pages loaded since the browser was opened. */
  loads = 0

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
  ) {}

  /** Opens a browser of a person's own; signed in unless nobody is given. */
  static async open(browser: Browser, url: string, person: Person | null, view: View = desk): Promise<Actor> {
    const language = view.language ?? person?.language ?? 'en'
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width: view.width, height: view.height },
      locale: language === 'en' ? 'en-US' : 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      colorScheme: view.theme ?? 'light',
      hasTouch: view.touch ?? false,
      isMobile: view.touch ?? false,
      ...(person
        ? {
            storageState: {
              cookies: [],
              origins: [
                {
                  origin: url,
                  localStorage: [
                    { name: 'lianxi.signed-in', value: 'true' },
                    // A device on which nothing was chosen: the account's language counts.
                    ...(view.language
                      ? [{ name: 'lianxi.preferences', value: JSON.stringify({ locale: language }) }]
                      : []),
                  ],
                },
              ],
            },
          }
        : {}),
    })
    if (person) {
      const answer = await context.request.post('/api/v1/auth/login', {
        data: { email: person.email, password: person.password, session: 'cookie', remember: true },
      })
      expect(answer.status(), await answer.text()).toBe(200)
    }
    const actor = new Actor(context, await context.newPage(), url)
    actor.listen()
    return actor
  }

  private listen(): void {
    this.page.on('request', (request) => {
      this.requests.push(request)
      if (request.url().includes('/api/')) this.underWay.add(request)
      const { protocol, origin } = new URL(request.url())
      if (!/^(data|blob):$/.test(protocol) && origin !== this.url)
        this.faults.push(`a request to another origin: ${request.url()}`)
    })
    this.page.on('requestfinished', (request) => this.underWay.delete(request))
    this.page.on('requestfailed', (request) => this.underWay.delete(request))
    this.page.on('response', (answer) => {
      if (answer.status() >= 400)
        this.refused.push(`${this.lineOf(answer.request())} -> ${String(answer.status())}`)
    })
    this.page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(this.url).host)
        this.faults.push(`a socket to another origin: ${socket.url()}`)
    })
    this.page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        this.faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`)
    })
    this.page.on('pageerror', (fault) => this.faults.push(`uncaught: ${fault.stack ?? fault.message}`))
    this.page.on('load', () => (this.loads += 1))
  }

  /** Names noise of the browser that belongs to the journey: a refusal (`status of 412`), a lost connection. */
  expects(...noise: RegExp[]): void {
    this.expected.push(...noise)
  }

  /** Forgets the requests so far. */
  watch(): void {
    this.requests = []
  }

  /** Requests to the API since {@link Actor.watch} whose method and path (with query) match. */
  asked(pattern: RegExp): string[] {
    return this.requests.map((request) => this.lineOf(request)).filter((line) => pattern.test(line))
  }

  private lineOf(request: Request): string {
    return `${request.method()} ${request.url().replace(`${this.url}/api/v1`, '')}`
  }

  /** Goes to a page and waits until the live connection stands, so that nothing after it can be missed. */
  async visit(path: string): Promise<void> {
    const live = this.untilLive()
    await this.page.goto(path)
    await live
    await this.settle()
  }

  /** A connection that is closed before it stands is made anew: who has just got other rights is cut off. */
  private untilLive(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no live connection')), 60_000)
      const listen = (socket: WebSocket): void => {
        socket.on('framereceived', ({ payload }) => {
          if (!String(payload).includes('["ready"')) return
          clearTimeout(late)
          this.page.off('websocket', listen)
          resolve()
        })
      }
      this.page.on('websocket', listen)
    })
  }

  /** Waits until the page has asked for all that it needs: no request under way for a moment. */
  async settle(): Promise<void> {
    for (let calm = 0; calm < 6; calm = this.underWay.size === 0 ? calm + 1 : 0)
      await this.page.waitForTimeout(75)
  }

  /** What was wrong in this browser that no journey has announced. */
  complaints(): string[] {
    return this.faults.filter((fault) => !this.expected.some((pattern) => pattern.test(fault)))
  }

  /** Where a journey that failed stood: the page, its notices, what was refused or not answered, what was sent last. */
  async whereabouts(): Promise<string> {
    const notices = await this.page
      .getByRole('region', { name: /^(Notices|通知)$/ })
      .innerText({ timeout: 1_000 })
      .catch(() => '')
    const told = {
      notices: notices.split('\n'),
      refused: this.refused.slice(-5),
      'under way': [...this.underWay].map((request) => this.lineOf(request)),
      'sent last': this.asked(/^(?!GET)/).slice(-5),
      complaints: this.complaints(),
    }
    const lines = Object.entries(told).map(([name, all]) => `${name}: ${all.filter(Boolean).join(' | ')}`)
    return [this.page.url(), ...lines].join('\n')
  }

  /** Closes the browser. */
  async close(): Promise<void> {
    await this.context.close()
  }
}
