import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const bin = join(root, '.venv', 'bin')

/** Whether the product is split into its services, behind nginx, on PostgreSQL and Redis: `SHAPE=services`. */
export const isSplit = process.env['SHAPE'] === 'services'

/** The first admin of every product that the journeys start. */
export const admin = { email: 'root@example.com', password: 'an admin in a journey 7' }

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function ended(one: ChildProcess): Promise<void> {
  if (one.exitCode !== null || one.signalCode !== null) return
  const gone = new Promise<void>((resolve) => one.once('exit', () => resolve()))
  one.kill('SIGTERM')
  const late = setTimeout(() => one.kill('SIGKILL'), 15_000)
  await gone
  clearTimeout(late)
}

/** A PostgreSQL and a Redis of a product's own, and how it is told of them. */
async function startServers(): Promise<[ChildProcess, NodeJS.ProcessEnv]> {
  const servers = spawn(join(bin, 'python'), ['-m', 'tests.servers'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => servers.kill('SIGTERM'))
  let told = ''
  for await (const part of servers.stdout) {
    told += String(part)
    const [database, redis] = ['POSTGRESQL', 'REDIS'].map((name) =>
      new RegExp(`^${name}_URL=(.*)\n`, 'm').exec(told),
    )
    if (database && redis) return [servers, { DATABASE_URL: database[1], REDIS_URL: redis[1] }]
  }
  throw new Error(`no servers to stand on: ${told}`)
}

/** The product as it is really served, with an empty database and a port of its own. */
export class Product {
  private processes: ChildProcess[] = []

  private constructor(
    /** Where it answers. */
    readonly url: string,
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly servers: ChildProcess | null,
  ) {}

  /**
   * Makes the database and starts serving.
   *
   * @param settings Further variables, or what makes them of the address that the product will have.
   */
  static async start(
    settings: NodeJS.ProcessEnv | ((url: string) => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>) = {},
  ): Promise<Product> {
    const folder = await mkdtemp(join(tmpdir(), 'lianxi-e2e-'))
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'CI'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
    )
    const [servers, places] = isSplit ? await startServers() : [null, {}]
    const env: NodeJS.ProcessEnv = {
      ...Object.fromEntries(kept),
      ...places,
      DATA_DIR: folder,
      HOST: '127.0.0.1',
      PORT: String(port),
      RATELIMIT_ENABLED: '0',
      // Where journeys stand receivers up.
      WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
      LIANXI_ADMIN_EMAIL: admin.email,
      LIANXI_ADMIN_PASSWORD: admin.password,
      ...(typeof settings === 'function' ? await settings(url) : settings),
    }
    const product = new Product(url, folder, env, servers)
    try {
      await run(join(bin, 'flask'), ['--app', 'app', 'prepare'], { cwd: root, env })
      await product.serve()
    } catch (fault) {
      await product.end()
      throw fault
    }
    return product
  }

  /** Serves, and waits until the first answer. */
  async serve(): Promise<void> {
    const log = openSync(join(this.folder, 'server.log'), 'a')
    // By itself: gunicorn and the worker beside it.
    const commands = isSplit
      ? [['python', '-m', 'tests.services']]
      : [
          ['gunicorn', 'app:create_app()'],
          ['flask', '--app', 'app', 'worker'],
        ]
    const processes = commands.map(([program = '', ...rest]) =>
      spawn(join(bin, program), rest, { cwd: root, env: this.env, stdio: ['ignore', log, log] }),
    )
    this.processes = processes
    // Journeys that are stopped in the middle leave no process behind.
    process.once('exit', () => processes.forEach((one) => one.kill('SIGTERM')))
    for (const deadline = Date.now() + 180_000; ;) {
      const answer = await fetch(`${this.url}/health`).catch(() => null)
      if (answer?.ok) return
      if (processes[0]?.exitCode !== null || Date.now() > deadline)
        throw new Error(`the product did not start:\n${await this.log()}`)
      await pause(100)
    }
  }

  /** Ends its processes by their pids; the data stay. */
  async stop(): Promise<void> {
    await Promise.all(this.processes.splice(0).map(ended))
  }

  /** Ends it and removes its data. */
  async end(): Promise<void> {
    await this.stop()
    if (this.servers) await ended(this.servers)
    await rm(this.folder, { recursive: true, force: true })
  }

  /** What the server has written. */
  async log(): Promise<string> {
    return readFile(join(this.folder, 'server.log'), 'utf8').catch(() => '')
  }
}
