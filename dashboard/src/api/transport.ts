import { ApiError, errorOf } from './errors'
import { dropSession, keepSession, readSession } from './session'

export interface Options {
  body?: unknown
  /** Without the session: what fails says nothing about it. */
  anonymous?: boolean
  /** Milliseconds until an answer is no longer waited for. */
  timeout?: number
  signal?: AbortSignal
}

export interface Answer<T> {
  status: number
  data: T
}

const timeout = 20_000
const tries = 3
/** Browsers carry at most 64 KiB for pages that are gone, all calls together. */
const keptAlive = 16_000

let onSignedOut: () => void = () => {}
let onWait: (seconds: number) => void = () => {}

/** Who is told that the session is over, and that a call waits before it is tried again (0: no more). */
export function listen(signedOut: () => void, wait: (seconds: number) => void): void {
  onSignedOut = signedOut
  onWait = wait
}

export function sessionHeaders(): Record<string, string> {
  const s = readSession()
  return s ? { 'access-token': s['access-token'], client: s.client, uid: s.uid, 'token-type': 'Bearer' } : {}
}

function signalOf(options: Options): AbortSignal {
  const late = AbortSignal.timeout(options.timeout ?? timeout)
  return options.signal ? AbortSignal.any([late, options.signal]) : late
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...(options.anonymous ? {} : sessionHeaders()) }
  const init: RequestInit = { method, headers, credentials: 'omit', signal: signalOf(options) }
  if (options.body instanceof FormData) init.body = options.body
  else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  }
  // What is written is written, also when the page is closed meanwhile; browsers carry little then.
  if (method !== 'GET' && typeof (init.body ?? '') === 'string' && String(init.body ?? '').length < keptAlive) init.keepalive = true
  try {
    return await fetch(path, init)
  } catch {
    throw new ApiError('offline')
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends; what only reads is tried again when the server is away or busy. */
async function sendPatiently(method: string, path: string, options: Options): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const last = method !== 'GET' || attempt === tries
    try {
      const response = await send(method, path, options)
      if (last || (response.status !== 503 && response.status !== 429)) return response
    } catch (e) {
      if (last) throw e
    }
    const wait = 2 ** (attempt - 1) * (0.75 + Math.random() / 2)
    onWait(wait)
    await sleep(wait * 1000)
    onWait(0)
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

const validation = '/auth/validate_token'

let asking: Promise<boolean> | null = null

/** Asks whether the session still holds; several at once ask once. */
async function sessionHolds(): Promise<boolean> {
  asking ??= send('GET', validation, {})
    .then((r) => r.status !== 401)
    .catch(() => true) // nobody said it is over
    .finally(() => (asking = null))
  return asking
}

/** Calls the API. Throws ApiError for everything but success. */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  const response = await sendPatiently(method, path, options)
  const body = await bodyOf(response)
  if (response.ok) {
    keepSession(response.headers)
    return { status: response.status, data: body as T }
  }
  const error = errorOf(response.status, response.headers, body)
  if (response.status === 401 && !options.anonymous && path !== validation && !(await sessionHolds())) {
    dropSession()
    onSignedOut()
    throw new ApiError('signedOut', 401)
  }
  throw error
}
