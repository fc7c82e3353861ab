/** The events that a webhook can be told, as a person looks for them. */
export const groups = {
  conversations: ['conversation_created', 'conversation_status_changed', 'conversation_updated', 'conversation_typing_on', 'conversation_typing_off'],
  messages: ['message_created', 'message_updated'],
  contacts: ['contact_created', 'contact_updated'],
  widget: ['webwidget_triggered'],
  inboxes: ['inbox_created', 'inbox_updated'],
} as const

export type Group = keyof typeof groups
export const groupNames = Object.keys(groups) as Group[]
export const allEvents: readonly string[] = Object.values(groups).flat()

/** What a new webhook is told, as the server chooses when nothing is said: typing and inboxes are for few. */
export const usual: readonly string[] = allEvents.filter((e) => !/typing|^inbox_/.test(e))

export type Ticked = 'all' | 'some' | 'none'

/** What the box of a group shows. */
export function ticked(chosen: readonly string[], of: readonly string[]): Ticked {
  const n = of.filter((e) => chosen.includes(e)).length
  return n === 0 ? 'none' : n === of.length ? 'all' : 'some'
}

/** The choice with some events in it, or without them; in the order of the groups. What this page does not know stays. */
export function withEvents(chosen: readonly string[], events: readonly string[], on: boolean): string[] {
  const set = new Set(on ? [...chosen, ...events] : chosen.filter((e) => !events.includes(e)))
  return [...allEvents.filter((e) => set.has(e)), ...[...set].filter((e) => !allEvents.includes(e))]
}
