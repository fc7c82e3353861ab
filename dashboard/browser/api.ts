import { expect } from 'vitest'
import { addressOf, type PathOf, type Result } from '../src/api/client'
import type { Channel, ChannelName, Stand } from './stand'
import type { Program } from './program'
import { password } from './steps'

/** The API as somebody: what a test prepares or looks up beside the browser. */

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

interface Given {
  path?: Record<string, string | number>
  query?: Record<string, unknown>
  body?: unknown
}

export interface Client {
  url: string
  id: number
  email: string
  account: number
  /** A call typed by the program's document; {account_id} is filled in. Throws with what was answered unless it succeeds. */
  call: <M extends Method, P extends PathOf<M>>(method: M, path: P, given?: Given) => Promise<Result<P, M>>
  /** Any call, with a path below the account. */
  at: <T>(method: Method, path: string, body?: unknown) => Promise<T>
}

async function request(method: string, address: string, headers: Record<string, string>, body?: unknown): Promise<unknown> {
  const init: RequestInit = { method: method.toUpperCase(), headers: { ...headers, 'Content-Type': 'application/json' } }
  if (body !== undefined) init.body = JSON.stringify(body)
  const response = await fetch(address, init)
  const text = await response.text()
  if (!response.ok) throw new Error(`${init.method} ${address}: ${response.status} ${text.slice(0, 500)}`)
  return text === '' ? null : JSON.parse(text)
}

interface SignedIn {
  id: number
  email: string
  account_id: number
  access_token: string
}

/** Signs in by HTTP; the session of a browser is not touched. */
export async function signInByApi(program: Program, email: string, secret = password): Promise<Client> {
  const { data } = (await request('post', `${program.url}/auth/sign_in`, {}, { email, password: secret })) as { data: SignedIn }
  const headers = { api_access_token: data.access_token }
  const at = async <T>(method: Method, path: string, body?: unknown) =>
    (await request(method, `${program.url}/api/v1/accounts/${data.account_id}/${path}`, headers, body)) as T
  return {
    url: program.url,
    id: data.id,
    email: data.email,
    account: data.account_id,
    call: async <M extends Method, P extends PathOf<M>>(method: M, path: P, given: Given = {}) => {
      const address = addressOf(path, { account_id: data.account_id, ...given.path }, given.query)
      return (await request(method, program.url + address, headers, given.body)) as Result<P, M>
    },
    at,
  }
}

/** Makes the first administrator as `onboard` does, without a browser, and signs her in. */
export async function onboardByApi(program: Program): Promise<Client> {
  const user = { name: 'Ada', company: 'Acme', email: 'ada@example.com', password }
  const response = await fetch(`${program.url}/installation/onboarding`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(Object.entries(user).map(([k, v]) => [`user[${k}]`, v])),
  })
  expect(response.status, 'the first administrator is made').toBe(302)
  return signInByApi(program, user.email)
}

/** Asks until there is an answer: not undefined, null or false. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | null | false>, milliseconds = 20_000): Promise<T> {
  const late = Date.now() + milliseconds
  for (;;) {
    const found = await ask()
    if (found !== undefined && found !== null && found !== false) return found
    if (Date.now() > late) throw new Error(`in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Invites somebody, who accepts by the link in the mail, and signs them in. */
export async function makeAgent(
  program: Program,
  admin: Client,
  agent: { name: string; email: string; role?: 'agent' | 'administrator' },
): Promise<Client> {
  await admin.at('post', 'agents', { role: 'agent', ...agent })
  const token = await until(`a mail to ${agent.email}`, async () => {
    const mails = JSON.parse(await program.command('mails', '--json')) as { id: number; to: string }[]
    const mail = mails.find((m) => m.to === agent.email)
    return mail && /_token=([^\s&]+)/.exec(await program.command('mails', String(mail.id)))?.[1]
  })
  const body = { reset_password_token: token, password, password_confirmation: password }
  await request('put', `${program.url}/auth/password`, {}, body)
  return signInByApi(program, agent.email)
}

export interface MadeInbox {
  id: number
  channel: ChannelName
  name: string
}

/**
 * Makes the inbox of one of the stand's channels and waits until messages can come.
 * What only a provider's sign-in makes is connected beside the program, as it would
 * leave it.
 */
export async function makeInbox(stand: Stand, program: Program, admin: Client, name: ChannelName, agents: Client[] = []): Promise<MadeInbox> {
  const channel = await stand.do('channel', { channel: name })
  const id = await connect(stand, program, admin, channel)
  await stand.do('ready', { channel: name })
  if (agents.length > 0) await addAgents(admin, id, agents)
  return { id, channel: name, name: channel.name }
}

async function connect(stand: Stand, program: Program, admin: Client, channel: Channel): Promise<number> {
  if (channel.create_path) {
    const made = await admin.at<{ id: number; inbox_identifier?: string }>('post', channel.create_path, channel.params)
    if (made.inbox_identifier) await stand.do('attach', { channel: channel.channel, identifier: made.inbox_identifier })
    return made.id
  }
  if (channel.kind === 'facebook' || channel.kind === 'instagram_page') {
    const made = await admin.at<{ id: number }>('post', 'callbacks/register_facebook_page', { ...channel.params, inbox_name: channel.name })
    return made.id
  }
  return (await stand.do('connect', { channel: channel.channel, account_id: admin.account, environment: program.settings })).id
}

/** Connects a WhatsApp number as the browser does after Embedded Signup. */
export async function signUpNumber(stand: Stand, admin: Client, number: string): Promise<{ id: number; registration: Registration }> {
  const { body } = await stand.do('signup', { number })
  return admin.at('post', 'whatsapp/authorization', body)
}

export interface Registration {
  state: string
  required_action: string | null
}

/** Waits until a WhatsApp number stands where it must, as is stored of its health. */
export async function registrationIs(admin: Client, inbox: number, state: string): Promise<Registration> {
  let last = ''
  try {
    return await until(`inbox ${inbox} is ${state}`, async () => {
      const { registration } = await admin.at<{ registration: Registration }>('get', `inboxes/${inbox}/health?refresh=false`)
      last = registration.state
      return last === state && registration
    })
  } catch (e) {
    throw new Error(`the number is ${last}, not ${state}`, { cause: e })
  }
}

/** Adds agents to an inbox, beside those that it has. */
export async function addAgents(admin: Client, inbox: number, agents: Client[]): Promise<void> {
  await admin.at('post', 'inbox_members', { inbox_id: inbox, user_ids: agents.map((a) => a.id) })
}

export interface StoredMessage {
  id: number
  content: string | null
  /** 0 incoming, 1 outgoing, 2 activity, 3 template. */
  message_type: number
  status: string
  content_attributes: Record<string, unknown>
  attachments?: { file_type: string; data_url: string }[]
}

export async function messagesOf(client: Client, conversation: number): Promise<StoredMessage[]> {
  return (await client.at<{ payload: StoredMessage[] }>('get', `conversations/${conversation}/messages`)).payload
}

/** Waits until an agent sees a customer's text in an inbox, and gives the conversation's number. */
export async function conversationWith(client: Client, inbox: number, text: string): Promise<number> {
  return until(`a conversation with "${text}"`, async () => {
    const { data } = await client.at<{ data: { payload: { id: number }[] } }>('get', `conversations?status=all&inbox_id=${inbox}`)
    for (const { id } of data.payload) {
      if ((await messagesOf(client, id)).some((m) => m.content === text && m.message_type === 0)) return id
    }
    return undefined
  })
}

/** A customer writes; gives the conversation. */
export async function customerWrites(
  stand: Stand,
  client: Client,
  inbox: MadeInbox,
  text: string,
  who: { person?: number; from?: string; name?: string } = {},
): Promise<number> {
  await stand.do('message', { channel: inbox.channel, text, ...who })
  return conversationWith(client, inbox.id, text)
}

export async function replyTo(client: Client, conversation: number, content: string): Promise<number> {
  return (await client.at<{ id: number }>('post', `conversations/${conversation}/messages`, { content })).id
}

/** Waits until a message has a status: sent, delivered, read or failed. */
export async function messageIs(client: Client, conversation: number, message: number, status: string): Promise<StoredMessage> {
  return until(`message ${message} is ${status}`, async () => {
    const found = (await messagesOf(client, conversation)).find((m) => m.id === message)
    return found?.status === status && found
  }, 30_000)
}
