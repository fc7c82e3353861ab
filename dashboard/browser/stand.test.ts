import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  conversationWith, customerWrites, makeAgent, makeInbox, messageIs, messagesOf, onboardByApi, registrationIs, replyTo, signUpNumber, until,
  type Client, type MadeInbox,
} from './api'
import { startProgram, type Program } from './program'
import { startStand, type ChannelName, type Failure, type NumberState, type Stand } from './stand'

// The ground on which the other journeys stand, without a browser: the program
// beside the simulated providers, driven from here.

let stand: Stand
let program: Program
let admin: Client
let agent: Client

interface Health {
  quality_rating: string
  alerts: { alert_type: string }[]
}

const inboxes: MadeInbox[] = []

function inboxOf(channel: ChannelName): MadeInbox {
  const found = inboxes.find((i) => i.channel === channel)
  if (!found) throw new Error(`no inbox of ${channel} yet`)
  return found
}

beforeAll(async () => {
  stand = await startStand()
  program = await startProgram(stand.settings)
  await stand.serves(program)
  admin = await onboardByApi(program)
  agent = await makeAgent(program, admin, { name: 'Bo Berg', email: 'bo@example.com' })
})

afterEach(() => stand.do('heal', {}))

afterAll(async () => {
  await stand?.do('heal', {})
  await program?.stop()
  await stand?.stop()
})

/** How each refuses, and what of it an agent reads. */
const refusals: [ChannelName, Failure, RegExp][] = [
  ['whatsapp_cloud', { refuse: true }, /131026/],
  ['whatsapp_cloud/1', { code: 131047, text: '(#131047) Re-engagement message' }, /131047.*Re-engagement/],
  ['whatsapp_360', { refuse: true }, /Invalid recipient/],
  ['telegram', { text: 'Forbidden: bot was blocked by the user' }, /blocked by the user/],
  ['line', { refuse: true }, /'to'/],
  ['sms', { refuse: true }, /is not valid|E164/],
  ['twilio_sms', { code: 21610, text: 'Attempt to send to unsubscribed recipient' }, /21610.*unsubscribed/],
  ['twilio_whatsapp', { refuse: true }, /21211/],
  ['facebook', { refuse: true }, /No matching user/],
  ['instagram', { refuse: true }, /No matching user/],
  ['instagram_page', { refuse: true }, /No matching user/],
  ['twitter', { code: 150, text: 'You cannot send messages to users who are not following you.' }, /150.*not following/],
  ['api', { refuse: true }, /./],
]

test.each(refusals)('%s: a customer writes, an agent answers, the provider refuses once', async (channel, failure, reason) => {
  const inbox = await makeInbox(stand, program, admin, channel, [agent])
  inboxes.push(inbox)
  const conversation = await customerWrites(stand, agent, inbox, `Grüße ${channel} 👋`)
  const first = await replyTo(agent, conversation, `Answer of ${channel}`)
  const sent = await stand.do('wait_sent', { channel, text: `Answer of ${channel}` })
  expect(sent.accepted).toBe(true)
  await until('the message left', async () => {
    const found = (await messagesOf(agent, conversation)).find((m) => m.id === first)
    return found && ['sent', 'delivered'].includes(found.status)
  })

  await stand.do('fail', { channel, ...failure })
  const second = await replyTo(agent, conversation, `Refused by ${channel}`)
  const failed = await messageIs(agent, conversation, second, 'failed')
  expect(failed.content_attributes.external_error).toMatch(reason)
  await stand.do('heal', { channel })
  await agent.at('post', `conversations/${conversation}/messages/${second}/retry`)
  await stand.do('wait_sent', { channel, text: `Refused by ${channel}` })
  const healed = await until('the message left', async () => {
    const found = (await messagesOf(agent, conversation)).find((m) => m.id === second)
    return found && ['sent', 'delivered'].includes(found.status) && found
  })
  expect(healed.content_attributes.external_error ?? null).toBeNull()
})

test('a picture arrives with its caption', async () => {
  for (const channel of ['whatsapp_cloud/2', 'telegram/2'] as const) {
    const inbox = await makeInbox(stand, program, admin, channel)
    await stand.do('message', { channel, event: 'image', text: `Look, ${channel}`, person: 1 })
    const conversation = await conversationWith(admin, inbox.id, `Look, ${channel}`)
    const [message] = await until('the file', async () => {
      const list = await messagesOf(admin, conversation)
      return list[0]?.attachments?.[0]?.data_url ? list : undefined
    })
    expect(message?.attachments?.[0]?.file_type).toBe('image')
  }
})

test('receipts tell what became of a message', async () => {
  const channel = 'whatsapp_cloud'
  const conversation = await customerWrites(stand, admin, inboxOf(channel), 'One more', { name: 'Zoë', from: '4915112345678' })
  const reply = await replyTo(admin, conversation, 'Read me')
  const { id } = await stand.do('wait_sent', { channel, text: 'Read me' })
  for (const state of ['delivered', 'read']) {
    await stand.do('receipt', { channel, id, state })
    await messageIs(admin, conversation, reply, state)
  }
  const lost = await replyTo(admin, conversation, 'Never arrives')
  await stand.do('wait_sent', { channel, text: 'Never arrives' })
  await stand.do('receipt', { channel, state: 'failed', code: 131049, text: 'Meta chose not to deliver' })
  const failed = await messageIs(admin, conversation, lost, 'failed')
  expect(failed.content_attributes.external_error).toContain('131049')
})

test('a provider that hangs or throttles is waited for', async () => {
  const channel = 'line'
  const conversation = await customerWrites(stand, admin, inboxOf(channel), 'Are you there?', { person: 2 })
  await stand.do('fail', { channel, hang: true })
  const message = await replyTo(admin, conversation, 'Patience')
  await stand.do('wait_sent', { channel, text: 'Patience', accepted: false })
  await stand.do('heal', { channel })
  await messageIs(admin, conversation, message, 'delivered')
  await stand.do('fail', { kind: 'line', status: 429, retry_after_ms: 1000, times: 1 })
  await replyTo(admin, conversation, 'Once more')
  const sent = await stand.do('wait_sent', { channel, text: 'Once more' })
  expect(sent.attempt).toBe(2)
})

test('a number whose name is under review is registered once Meta approves it', async () => {
  const { number } = await stand.do('add_number', { state: 'pending_name' })
  const { id } = await signUpNumber(stand, admin, number)
  await registrationIs(admin, id, 'waiting_for_meta')
  expect(await stand.meta('approve_name', number)).toEqual({ told: true, tries: 1 })
  await until('Meta has it registered', async () => (await stand.do('number', { number })).facts.registered)
  await stand.meta('onboarded', number)
  await registrationIs(admin, id, 'registered')
  expect((await stand.do('number', { number })).register_calls.at(-1)?.status).toBe(200)
  const conversation = await customerWrites(stand, admin, { id, channel: number, name: 'New' }, 'Are you new here?')
  await replyTo(admin, conversation, 'Since this minute')
  await stand.do('wait_sent', { channel: number, text: 'Since this minute' })
})

/** Where a number stands after it was connected in a state, and what the administrator has to do. */
const standing: [NumberState, string, string | null][] = [
  ['live', 'registered', null],
  ['approved', 'registering', null], // Meta shows it after ten seconds, or with "onboarded"
  ['declined', 'needs_admin', 'edit_display_name'],
  ['expired_name', 'needs_admin', 'resubmit_display_name'],
  ['not_verified', 'needs_admin', 'verify_phone_number'],
  ['pin_elsewhere', 'needs_admin', 'enter_pin'],
  ['existing_account', 'needs_admin', 'detach_from_whatsapp_app'],
  ['restricted', 'needs_admin', 'appeal_restriction'],
  ['banned', 'needs_admin', 'appeal_restriction'],
  ['on_premise', 'needs_admin', 'migrate_from_on_premise'],
  ['rate_limited', 'rate_limited', 'wait_rate_limit'],
  ['not_provisioned', 'registering', null],
  ['incomplete_deregistration', 'registering', null],
  ['coexistence', 'not_needed', null],
  ['sandbox', 'not_needed', null],
]

test.each(standing)('a number that is %s when it is connected is %s', async (state, registration, action) => {
  const { number } = await stand.do('add_number', { state })
  const { id } = await signUpNumber(stand, admin, number)
  expect((await registrationIs(admin, id, registration)).required_action).toBe(action)
})

test('an administrator enters the PIN of somebody else', async () => {
  const { number } = await stand.do('add_number', { state: 'pin_elsewhere', pin: '123456' })
  const { id } = await signUpNumber(stand, admin, number)
  await registrationIs(admin, id, 'needs_admin')
  await admin.at('post', `inboxes/${id}/register_number`, { pin: '123456' })
  await until('Meta has it registered', async () => (await stand.do('number', { number })).facts.registered)
})

test('what is wrong with a live number shows in its health', async () => {
  const { number } = await stand.do('add_number', {})
  const { id } = await signUpNumber(stand, admin, number)
  await registrationIs(admin, id, 'registered')
  // Nobody is told of these; what the webhook after them makes the program read has them all.
  await stand.meta('expire_code', number)
  await stand.do('facts', { number, facts: { messaging_limit_tier: 'TIER_250' } })
  await stand.meta('quality', number, { value: 'RED' })
  const health = await until('the quality', async () => {
    const now = await admin.at<Health>('get', `inboxes/${id}/health`)
    return now.quality_rating === 'RED' && now
  }, 40_000)
  expect(health).toMatchObject({ status: 'RESTRICTED', code_verification_status: 'EXPIRED', messaging_limit_tier: 'TIER_250' })
  expect(health.alerts.map((a) => a.alert_type)).toContain('QUALITY_RED')
})

test('a mistake of a test is told', async () => {
  await expect(stand.do('add_number', { state: 'nonsense' as 'live' })).rejects.toThrow('a number has no state')
  await expect(stand.do('fail', { channel: 'line', stauts: 500 } as never)).rejects.toThrow('unknown field')
  await expect(stand.do('message', { channel: 'line/9' })).rejects.toThrow('no channel')
})
