import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * The simulated providers (Go package simulator) as a process that a test drives:
 * customers write, replies are looked up, providers fail, Meta decides about
 * numbers. The commands are those of e2e/stand.
 */

const binary = process.env.STAND ? resolve(process.env.STAND) : fileURLToPath(new URL('../../bin/stand', import.meta.url))

export const kinds = [
  'facebook', 'instagram', 'instagram_page', 'whatsapp_cloud', 'whatsapp_360', 'telegram', 'line', 'sms', 'twilio_sms', 'twilio_whatsapp',
  'twitter', 'api',
] as const
export type Kind = (typeof kinds)[number]

/** A kind, one of its further identities, or the id of a WhatsApp number that was added. */
export type ChannelName = Kind | `${Kind}/${number}` | `${number}`

export interface Channel {
  channel: ChannelName
  kind: Kind
  name: string
  /** What webhooks call it: a number with +, the id of a page, of a bot, … */
  address: string
  /** The phone_number_id of a WhatsApp number at Meta. */
  number?: string
  /** Below the account: POST params there to make the inbox. */
  create_path?: string
  params: Record<string, unknown>
  registered: boolean
  /** What the provider reports after it accepted a message, beside "failed". */
  receipts: string[]
  events: string[]
}

export interface Message {
  channel: ChannelName
  /** One of the made-up people, from 0; `from` and `name` say otherwise. */
  person?: number
  /** The address in the provider's words. */
  from?: string
  name?: string
  /** What happens instead of a text: "image", "location", "reaction", … (Channel.events). */
  event?: string
  text?: string
  id?: string
  /** The provider's id of the message that the event is about. */
  target?: string
  payload?: string
  media?: string
  /** It was written so long ago. */
  ago_ms?: number
  /** With a proof that does not match: the program must refuse it. */
  forged?: boolean
}

/** A call with which the program asked a provider to send. */
export interface Sent {
  seq: number
  channel: ChannelName
  to: string
  text: string
  media: string[]
  choices: { id: string; title: string }[]
  /** The provider's id of the message; empty when it was refused. */
  id: string
  attempt: number
  /** Of the answer; 0 when there was none. */
  status: number
  accepted: boolean
  at: string
}

/** Chooses among the calls; `text` is a part of the text, `since` a seq. */
export interface Which {
  channel?: ChannelName
  to?: string
  text?: string
  accepted?: boolean
  since?: number
}

/** How a provider fails to send. One of: hang, reset, unauthorised, refuse (with the provider's code and text), status. */
export interface Failure {
  status?: number
  retry_after_ms?: number
  hang?: boolean
  reset?: boolean
  unauthorised?: boolean
  refuse?: boolean
  code?: number
  text?: string
  /** How many sends fail; until they are healed without it. */
  times?: number
  /** How many succeed before the first that fails. */
  after?: number
}

export type NumberState =
  | 'live' | 'approved' | 'pending_name' | 'declined' | 'expired_name' | 'not_verified' | 'pin_elsewhere' | 'banned' | 'rate_limited'
  | 'coexistence' | 'sandbox' | 'on_premise' | 'not_provisioned' | 'existing_account' | 'restricted' | 'incomplete_deregistration' | 'hang'
  | 'token_dead'

/** What Meta thinks of a number, in the words of the Graph API. */
export interface Facts {
  verified_name: string
  name_status: string
  new_display_name: string
  new_name_status: string
  code_verification_status: string
  platform_type: string
  throughput: string
  status: string
  quality_rating: string
  messaging_limit_tier: string
  account_mode: string
  is_on_biz_app: boolean
  is_pin_enabled: boolean
  registered: boolean
}

export interface NewNumber {
  state?: NumberState
  /** Instead of a state: register answers 503/133004 so many times. */
  flaky?: number
  id?: string
  phone?: string
  name?: string
  /** Of two-step verification, that somebody has set. */
  pin?: string
  /** A number whose account this one is put into; else it gets one of its own. */
  beside?: string
  /** account_review_status of the new account. */
  review?: string
  provision_reads?: number
  facts?: Partial<Facts>
}

export interface WhatsAppNumber {
  /** phone_number_id; also the name of its channel. */
  number: `${number}`
  phone: string
  /** What an SMS or a call tells its owner. */
  code: string
  account: string
  account_name: string
  portfolio: string
  token: string
  create_path: string
  params: Record<string, unknown>
  facts: Facts
  register_calls: { at: string; deregister: boolean; pin: string; status: number; code: number; subcode: number }[]
  override: string
  account_override: string
  subscribed: boolean
  fields: string[]
  calling: string
  account_calls: number
}

/** What Meta's side does to a number; `value` is its word: a reason, a name, a colour, a PIN, a tier, a decision, a fault. */
export type Move =
  | 'approve_name' | 'decline_name' | 'defer_name' | 'rename' | 'quality' | 'upgrade' | 'change_pin' | 'turn_off_pin' | 'ban' | 'alert'
  | 'onboarded' | 'management'
  | 'review_account' | 'restrict_account' | 'disable_account' | 'reinstate_account' | 'tier' | 'offboard' | 'reconnect' | 'remove_partner'
  | 'expire_name' | 'verify_number' | 'expire_code' | 'detach' | 'delete_number' | 'status' | 'new_token' | 'kill_tokens'

export interface MoveOptions {
  value?: string
  /** Meta tells nothing. */
  silent?: boolean
  twice?: boolean
  forged?: boolean
  ago_ms?: number
  /** Of an alert: CRITICAL, WARNING, INFORMATIONAL; `value` is its type, `text` its description. */
  severity?: string
  text?: string
  /** Of any other management webhook. */
  field?: string
  body?: unknown
  wait_ms?: number
}

/** Calls of the Graph API about a number (or its account) fail: by the name of a known fault, or by its fields. */
export interface NumberFault {
  account?: boolean
  /** What follows the id in the path ("register", "messages", "request_code", …); "read" and "update" of the number itself. */
  edge: string
  /** Such as "133005", "2388001-declined", "190-460". */
  fault?: string
  times?: number
  status?: number
  code?: number
  subcode?: number
  message?: string
  title?: string
  text?: string
  details?: string
  hang?: boolean
}

interface Commands {
  target: [{ base: string; public?: string }, unknown]
  channels: [object, Channel[]]
  channel: [{ channel: ChannelName }, Channel]
  attach: [{ channel: ChannelName; identifier: string }, unknown]
  ready: [{ channel: ChannelName; wait_ms?: number }, unknown]
  connect: [{ channel: ChannelName; name?: string; account_id: number; environment: Record<string, string> }, { id: number }]
  message: [Message, { from: string; name: string; ids: string[]; status: number }]
  sent: [Which, Sent[]]
  wait_sent: [Which & { n?: number; wait_ms?: number }, Sent]
  fail: [({ channel: ChannelName } | { kind: Kind }) & Failure, unknown]
  heal: [{ channel?: ChannelName; kind?: Kind }, unknown]
  receipt: [{ channel: ChannelName; state: string; id?: string; code?: number; text?: string }, { id: string; to: string }]
  templates: [{ channel: ChannelName; list: unknown[] }, unknown]
  hold_profiles: [{ hold: boolean }, unknown]
  add_number: [NewNumber, WhatsAppNumber]
  numbers: [object, WhatsAppNumber[]]
  number: [{ number: string }, WhatsAppNumber]
  signup: [{ number: string }, { event: string; body: Record<string, string> }]
  facts: [{ number: string; facts: Partial<Facts> }, unknown]
  fault_number: [{ number: string } & NumberFault, unknown]
  heal_number: [{ number: string }, unknown]
  lag_number: [{ number: string; reads?: number; until_ms?: number }, unknown]
  scopes: [{ scopes: 'targets' | 'granular' | 'plain' | 'messaging' }, unknown]
}

export interface Stand {
  /** The simulator's own address. */
  providers: string
  /** For startProgram. */
  settings: Record<string, string>
  /** Tells the providers where the program is. */
  serves: (program: { url: string }) => Promise<void>
  do: <C extends keyof Commands>(command: C, given: Commands[C][0]) => Promise<Commands[C][1]>
  /** Does what Meta does, and waits until the program has taken the webhook about it. */
  meta: (move: Move, number: string, options?: MoveOptions) => Promise<{ told?: boolean; tries?: number }>
  stop: () => Promise<void>
}

export interface StandOptions {
  /** Providers report on every message that they accept. */
  receipts?: boolean
  /** Identities of each kind; 3 unless said otherwise. */
  perKind?: number
  /** How long every send takes. */
  latency_ms?: number
}

export async function startStand(options: StandOptions = {}): Promise<Stand> {
  const args = [`-per-kind=${options.perKind ?? 3}`, `-receipts=${options.receipts ?? false}`, `-latency=${options.latency_ms ?? 0}ms`]
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const line = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the stand ended with ${code}`)))
    createInterface(child.stdout).once('line', resolve)
  })
  const hello = JSON.parse(line) as { url: string; providers: string; settings: Record<string, string> }

  async function send(command: string, given: object): Promise<unknown> {
    const response = await fetch(`${hello.url}/do`, { method: 'POST', body: JSON.stringify({ ...given, do: command }) })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(`stand: ${command}: ${(answer as { error: string }).error}`)
    return answer
  }

  const run: Stand['do'] = async <C extends keyof Commands>(command: C, given: Commands[C][0]) => (await send(command, given)) as Commands[C][1]
  return {
    providers: hello.providers,
    // Failures are over sooner than in earnest.
    settings: { ...hello.settings, RELAY_RETRY_BASE: '200ms' },
    serves: async (program) => {
      await run('target', { base: program.url })
    },
    do: run,
    meta: async (move, number, given = {}) => (await send(move, { ...given, number })) as { told?: boolean; tries?: number },
    stop: async () => {
      child.stdin.end()
      await ended
    },
  }
}
