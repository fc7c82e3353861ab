import type { components, paths } from './generated'
import { call } from './transport'

/** A shape of the API by the name it has in the program's document. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>
/** The addresses that know a method. */
export type PathOf<M extends Method> = { [P in keyof paths]: paths[P][M] extends undefined ? never : P }[keyof paths]

type Part<O, Name extends string> = O extends { parameters: infer Q } ? (Name extends keyof Q ? NonNullable<Q[Name]> : never) : never
type Body<O> = O extends { requestBody?: infer B } ? (NonNullable<B> extends { content: { 'application/json': infer J } } ? J : never) : never
type Json<R> = R extends { content: { 'application/json': infer J } } ? J : null
/** What a call that succeeds answers. */
export type Result<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? { [S in keyof R]: Json<R[S]> }[keyof R] : never

export interface Given<P extends keyof paths, M extends Method> {
  /** The values of the address, by the names between its braces. */
  path?: Part<Operation<P, M>, 'path'>
  query?: Part<Operation<P, M>, 'query'>
  /** A form where a file is sent. */
  body?: Body<Operation<P, M>> | FormData
  /** Milliseconds instead of the usual 20,000: some calls wait for a provider. */
  timeout?: number
  signal?: AbortSignal
}

/** Writes an address; lists are repeated as Rails writes them ("labels[]"), what is undefined is left out. */
export function addressOf(path: string, values: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue
    for (const v of Array.isArray(value) ? value : [value]) search.append(name, String(v))
  }
  const text = search.toString()
  return text ? `${address}?${text}` : address
}

/**
 * Calls the API, typed by the program's own document. Throws ApiError for everything
 * but success; what only reads is tried again when the server is away.
 */
export async function api<M extends Method, P extends PathOf<M>>(method: M, path: P, given: Given<P, M> = {}): Promise<Result<P, M>> {
  const address = addressOf(path, given.path as Record<string, unknown>, given.query as Record<string, unknown>)
  const { body, timeout, signal } = given
  const options = { ...(body === undefined ? {} : { body }), ...(timeout ? { timeout } : {}), ...(signal ? { signal } : {}) }
  return (await call<Result<P, M>>(method.toUpperCase(), address, options)).data
}
