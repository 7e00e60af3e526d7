import { Api, type Row } from './api'

/** The languages of the product. */
export type Language = 'zh-CN' | 'en'
/** A role that people of the journeys have. */
export type Role = 'admin' | 'manager' | 'sales' | 'viewer'

/** Somebody with an account: signs in to pages, and to the API by `api`. */
export interface Person {
  id: number
  name: string
  email: string
  password: string
  language: Language
  api: Api
}

let made = 0
/** A word that no other journey uses, also not one of the other worker. */
export function unique(): string {
  made += 1
  return `${process.pid.toString(36)}${Date.now().toString(36).slice(-5)}${made.toString(36)}`
}

/** The people of one journey: a team of their own, so that journeys at the same time do not see each other. */
export class Cast {
  private teamId: Promise<number> | null = null

  constructor(
    private readonly url: string,
    /** The first admin. */
    readonly root: Api,
  ) {}

  /** The team of this journey. */
  team(): Promise<number> {
    this.teamId ??= this.root.post('/teams', { name: `Team ${unique()}` }).then((team) => team.id)
    return this.teamId
  }

  /** Makes a person who has chosen a password already. */
  async join(name: string, role: Role = 'sales', language: Language = 'en'): Promise<Person> {
    const email = `${unique()}@example.com`
    const first = 'a password from the admin 1'
    const user = await this.root.post<Row>('/users', {
      name,
      email,
      password: first,
      role,
      language,
      time_zone: 'Asia/Shanghai',
      team_id: await this.team(),
    })
    if (role === 'manager') await this.root.patch(`/teams/${await this.team()}`, { manager_id: user.id })
    const password = `${name} chose this one 2`
    const newcomer = await Api.signIn(this.url, email, first)
    await newcomer.post('/auth/password', { current_password: first, new_password: password })
    return {
      id: user.id,
      name,
      email,
      password,
      language,
      api: await Api.signIn(this.url, email, password),
    }
  }
}
