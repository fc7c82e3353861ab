export type Kind =
  | 'offline' // no answer
  | 'signedOut' // the session is over
  | 'refused' // not permitted
  | 'missing'
  | 'invalid'
  | 'limit' // the licence
  | 'throttled'
  | 'server'

/** An answer that is no success. */
export class ApiError extends Error {
  readonly kind: Kind
  readonly status: number
  /** The server's own sentence, "" where there is none. */
  readonly text: string
  /** The fields that are at fault. */
  readonly attributes: readonly string[]
  readonly requestId: string
  /** The server's clock, in ms since 1970. */
  readonly at: number
  /** The whole answer: some refusals carry what else is known. */
  readonly body: unknown

  constructor(kind: Kind, status = 0, text = '', attributes: readonly string[] = [], requestId = '', at = Date.now(), body: unknown = null) {
    super(text || kind)
    this.kind = kind
    this.status = status
    this.text = text
    this.attributes = attributes
    this.requestId = requestId
    this.at = at
    this.body = body
  }
}

function kindOf(status: number): Kind {
  switch (status) {
    case 401:
      return 'refused'
    case 402:
      return 'limit'
    case 404:
      return 'missing'
    case 429:
      return 'throttled'
    case 503:
      return 'offline'
  }
  return status >= 500 ? 'server' : 'invalid'
}

/** Reads a refusal: the first of message, error, errors[0]; macros and rules say what is wrong by its part. */
export function errorOf(status: number, headers: Headers, body: unknown): ApiError {
  let text = ''
  let attributes: string[] = []
  if (typeof body === 'object' && body !== null) {
    const b = body as { message?: unknown; error?: unknown; errors?: unknown; attributes?: unknown }
    const first = Array.isArray(b.errors) ? (b.errors as unknown[])[0] : undefined
    const found = [b.message, b.error, first].find((t) => typeof t === 'string' && t !== '')
    if (typeof found === 'string') text = found
    if (Array.isArray(b.attributes)) attributes = b.attributes.filter((a) => typeof a === 'string')
    if (typeof b.error === 'object' && b.error !== null) {
      attributes = Object.keys(b.error)
      text ||= Object.values(b.error as Record<string, unknown>).flat().filter((t) => typeof t === 'string')[0] ?? ''
    }
  }
  const at = Date.parse(headers.get('date') ?? '')
  return new ApiError(kindOf(status), status, text, attributes, headers.get('x-request-id') ?? '', Number.isNaN(at) ? Date.now() : at, body)
}
