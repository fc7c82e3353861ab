import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from './errors'
import { cookieOf, dropSession, keepSession, readSession } from './session'
import { call, listen } from './transport'

const expiry = String(Math.floor(Date.now() / 1000) + 3600)
const tokens = { 'access-token': 'secret', client: 'c1', uid: 'ada@example.com', expiry }
const signedOut = vi.fn()
const wait = vi.fn()

interface Call {
  method: string
  path: string
  headers: Record<string, string>
  body: unknown
}
let calls: Call[]

/** Answers calls in order. */
function answers(...list: [status: number, body: string, headers?: Record<string, string>][]): void {
  calls = []
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    calls.push({ method: init.method ?? '', path, headers: init.headers as Record<string, string>, body: init.body })
    const next = list.shift()
    if (!next) return Promise.reject(new TypeError('no network'))
    return Promise.resolve(new Response(next[1], { status: next[0], headers: next[2] ?? {} }))
  })
}

const failure = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (e: unknown) => e as ApiError,
  )

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  signedOut.mockReset()
  wait.mockReset()
  listen(signedOut, wait)
  document.cookie = `cw_d_session_info=${encodeURIComponent(JSON.stringify(tokens))}; Path=/`
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  dropSession()
})

test('the session is kept where pages of the dashboard alone see it', () => {
  expect(cookieOf({ ...tokens, 'token-type': 'Bearer' }, true)).toMatch(/; Path=\/app; Expires=.* GMT; SameSite=Strict; Secure$/)
  expect(cookieOf({ ...tokens, 'token-type': 'Bearer' }, false)).not.toContain('Secure')
  const cookie = (value: object) => `a=b; cw_d_session_info=${encodeURIComponent(JSON.stringify(value))}`
  expect(readSession(cookie(tokens))).toEqual(tokens)
  expect(readSession(cookie({ ...tokens, expiry: '1' }))).toBeNull()
  expect(readSession(cookie({ ...tokens, uid: '' }))).toBeNull()
  expect(readSession('cw_d_session_info=%7Bbroken')).toBeNull()
  expect(readSession('')).toBeNull()
  const before = document.cookie
  keepSession(new Headers({ 'access-token': 'x' })) // incomplete: nothing changes
  expect(document.cookie).toBe(before)
})

test('calls carry the session, unless they are anonymous', async () => {
  answers([200, '{"a":1}'], [200, ''])
  expect(await call('POST', '/api/x', { body: { b: 2 } })).toEqual({ status: 200, data: { a: 1 } })
  expect(calls[0]).toMatchObject({ method: 'POST', headers: { 'access-token': 'secret', client: 'c1', uid: 'ada@example.com' }, body: '{"b":2}' })
  expect(await call('GET', '/api/y', { anonymous: true })).toEqual({ status: 200, data: null })
  expect(calls[1]?.headers).not.toHaveProperty('access-token')
})

test('a refusal says the first of message, error, errors', async () => {
  const request = { 'x-request-id': 'r1' }
  for (const [status, body, kind, text, attributes] of [
    [422, '{"message":"Name can\'t be blank","attributes":["name"]}', 'invalid', "Name can't be blank", ['name']],
    [422, '{"error":"no"}', 'invalid', 'no', []],
    [403, '{"errors":["first","second"]}', 'invalid', 'first', []],
    [404, '{"error":"Resource could not be found"}', 'missing', 'Resource could not be found', []],
    [402, '{"error":"limit"}', 'limit', 'limit', []],
    [429, 'Retry later\n', 'throttled', '', []],
    [500, '{"status":500,"error":"Internal Server Error"}', 'server', 'Internal Server Error', []],
  ] as const) {
    answers([status, body, request])
    const e = await failure(call('POST', '/api/x', {}))
    expect(e).toMatchObject({ kind, status, text, attributes, requestId: 'r1' })
  }
})

test('only a session that does not hold signs out', async () => {
  answers([401, '{"error":"You are not authorized to do this action"}'], [200, '{}'])
  expect(await failure(call('POST', '/api/x'))).toMatchObject({ kind: 'refused' })
  expect(calls[1]).toMatchObject({ method: 'GET', path: '/auth/validate_token' })
  expect(signedOut).not.toHaveBeenCalled()
  expect(readSession()).not.toBeNull()

  answers([401, '{"errors":["You need to sign in or sign up before continuing."]}']) // and then no network
  expect(await failure(call('POST', '/api/x'))).toMatchObject({ kind: 'refused' })
  expect(signedOut).not.toHaveBeenCalled()

  answers([401, '{"error":"no"}'], [401, '{"success":false,"errors":["Invalid login credentials"]}'])
  expect(await failure(call('POST', '/api/x'))).toMatchObject({ kind: 'signedOut' })
  expect(signedOut).toHaveBeenCalledOnce()
  expect(readSession()).toBeNull()

  answers([401, '{"success":false,"errors":["Invalid login credentials. Please try again."]}'])
  expect(await failure(call('POST', '/auth/sign_in', { anonymous: true }))).toMatchObject({ kind: 'refused' })
  expect(calls).toHaveLength(1)
})

test('reading is tried again, writing never', async () => {
  answers([503, ''], [429, 'Retry later\n'], [200, '1'])
  const reading = call('GET', '/api/x')
  await vi.runAllTimersAsync()
  expect((await reading).data).toBe(1)
  expect(wait.mock.calls.map(([s]: number[]) => (s ?? 0) > 0)).toEqual([true, false, true, false])

  answers([503, ''])
  expect(await failure(call('POST', '/api/x'))).toMatchObject({ kind: 'offline', status: 503 })
  expect(calls).toHaveLength(1)

  answers() // no network at all
  const lost = failure(call('GET', '/api/x'))
  await vi.runAllTimersAsync()
  expect(await lost).toMatchObject({ kind: 'offline', status: 0 })
  expect(calls).toHaveLength(3)
})

test('refusals by part, as macros and rules have them', async () => {
  answers([422, '{"error":{"actions":["Macro execution actions x not supported."],"name":["can’t be blank"]}}'])
  expect(await failure(call('POST', '/x', { anonymous: true }))).toMatchObject({ kind: 'invalid', text: 'Macro execution actions x not supported.', attributes: ['actions', 'name'] })
})
