import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { admin } from './product'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, '..', 'shared', 'fixtures', 'maventech')

/** What the author of the data set computed for all deals, or for those of one group. */
export interface Truth {
  opportunities: number
  won: number
  lost: number
  engaging: number
  prospecting: number
  win_rate_closed: number | null
  won_share_of_all: number
  won_value: number
  avg_won_value: number | null
  avg_cycle_won_days: number | null
  avg_cycle_closed_days: number | null
  median_cycle_won_days: number | null
  open_list_value: number
}
/** The figures of every group by the name that the data set gives it. */
export type Truths = { overall: Truth } & Record<string, Record<string, Truth>>

/** Why a year of real deals cannot be loaded; null where it can. On CI its absence is a fault. */
export function reasonToSkip(): string | null {
  if (existsSync(folder)) return null
  if (process.env['CI']) throw new Error(`${folder} is missing`)
  return `${folder} is not shipped with the product`
}

/** The figures that the screen has to show. */
export function truths(): Truths {
  return JSON.parse(readFileSync(join(folder, 'expected_sample913.json'), 'utf8')) as Truths
}

/** Loads the year as its users would: by the example client, through the REST API. */
export async function load(url: string): Promise<void> {
  const mapped = ['--map-product', 'GTXPro=GTX Pro', '--map-sector', 'technolgy=technology']
  const command = [join(root, 'examples', 'sync_crm.py'), folder, '--url', url, '--email', admin.email]
  await run(join(root, '.venv', 'bin', 'python'), ['-S', '-E', ...command, ...mapped], {
    env: { LIANXI_PASSWORD: admin.password, PYTHONIOENCODING: 'utf-8' },
  })
}
