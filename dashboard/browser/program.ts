import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const binary = process.env.TRIBUTARY ? resolve(process.env.TRIBUTARY) : fileURLToPath(new URL('../../bin/tributary', import.meta.url))

/** A program of its own: free port, fresh data, no mail server. */
export interface Program {
  url: string
  /** The environment that it was started with. */
  settings: Record<string, string>
  /** Runs a command of the program beside it, and gives what it printed. */
  command: (...args: string[]) => Promise<string>
  stop: () => Promise<void>
}

async function freePort(): Promise<number> {
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

export async function startProgram(settings: Record<string, string> = {}): Promise<Program> {
  const dir = await mkdtemp(join(tmpdir(), 'tributary-browser-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    DATA_DIR: join(dir, 'data'),
    PORT: String(port),
    LOG_FORMAT: 'json',
    ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 'browser test: primary',
    ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: 'browser test: deterministic',
    ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: 'browser test: salt',
    ...settings,
  }
  const child: ChildProcess = spawn(binary, ['serve'], { env, cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stdout?.on('data', (b: Buffer) => (log += b.toString()))
  child.stderr?.on('data', (b: Buffer) => (log += b.toString()))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const until = Date.now() + 60_000
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then((r) => r.ok, () => false)
    if (ready) break
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the program does not start:\n${log}`)
    await new Promise((r) => setTimeout(r, 100))
  }
  return {
    url,
    settings: env,
    command: async (...args) => (await promisify(execFile)(binary, args, { env, cwd: dir })).stdout,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}
