/** What conditions can be about, in each of the places that know them; see filters.ts. */

export type Operator =
  | 'equal_to'
  | 'not_equal_to'
  | 'contains'
  | 'does_not_contain'
  | 'is_present'
  | 'is_not_present'
  | 'is_greater_than'
  | 'is_less_than'
  | 'days_before'
  | 'starts_with'
  | 'attribute_changed'

/** Where the values of a field come from, when they are chosen and not written. */
export type Source =
  | 'agents'
  | 'inboxes'
  | 'teams'
  | 'labels'
  | 'campaigns'
  | 'statuses'
  | 'priorities'
  | 'messageTypes'
  | 'languages'
  | 'countries'
  | 'booleans'
  | 'list'

export type Model = 'conversation_attribute' | 'contact_attribute'

/** Something that conditions can be about. */
export interface Field {
  /** Tells it from all others: a contact and a conversation may have attributes of one key. */
  id: string
  /** As the wire names it. */
  key: string
  /** Of custom attributes: whose they are. */
  model?: Model
  /** The name of a custom attribute; others are named by the texts `filter.field.<key>`. */
  name?: string
  kind: 'text' | 'number' | 'date' | 'choice'
  source?: Source
  /** The choices of a custom list. */
  list?: readonly string[]
  operators: readonly Operator[]
  /** Several values are allowed, and one of them suffices. */
  several: boolean
}

interface Attribute {
  attribute_key: string
  attribute_display_name: string
  attribute_display_type: string
  attribute_model: string
  attribute_values: readonly unknown[]
}

const equality = ['equal_to', 'not_equal_to'] as const
const presence = ['equal_to', 'not_equal_to', 'is_present', 'is_not_present'] as const
const inside = ['equal_to', 'not_equal_to', 'contains', 'does_not_contain'] as const
const calendar = ['is_greater_than', 'is_less_than', 'days_before'] as const

function text(key: string, operators: readonly Operator[], several: boolean): Field {
  return { id: key, key, kind: 'text', operators, several }
}
function choice(key: string, source: Source, operators: readonly Operator[], several = true): Field {
  return { id: key, key, kind: 'choice', source, operators, several }
}
function date(key: string): Field {
  return { id: key, key, kind: 'date', operators: calendar, several: false }
}

const conversations: readonly Field[] = [
  choice('status', 'statuses', equality),
  choice('assignee_id', 'agents', presence),
  choice('inbox_id', 'inboxes', presence),
  choice('team_id', 'teams', presence),
  choice('priority', 'priorities', equality),
  choice('labels', 'labels', presence),
  { id: 'display_id', key: 'display_id', kind: 'number', operators: inside, several: true },
  choice('campaign_id', 'campaigns', presence),
  date('created_at'),
  date('last_activity_at'),
  choice('browser_language', 'languages', equality),
  choice('conversation_language', 'languages', equality),
  choice('country_code', 'countries', equality),
  text('referer', inside, true),
  text('mail_subject', inside, true),
]

const contacts: readonly Field[] = [
  text('name', inside, false),
  text('email', inside, false),
  text('phone_number', [...inside, 'starts_with'], false),
  text('identifier', equality, false),
  choice('labels', 'labels', presence),
  text('company', inside, false),
  text('city', inside, false),
  choice('country_code', 'countries', equality, false),
  date('created_at'),
  date('last_activity_at'),
  choice('blocked', 'booleans', equality, false),
]

const rules: readonly Field[] = [
  choice('message_type', 'messageTypes', equality),
  text('content', inside, true),
  choice('status', 'statuses', equality),
  choice('inbox_id', 'inboxes', presence),
  choice('assignee_id', 'agents', presence),
  choice('team_id', 'teams', presence),
  choice('priority', 'priorities', equality),
  choice('labels', 'labels', presence, false),
  text('email', inside, true),
  text('phone_number', [...inside, 'starts_with'], true),
  text('company', inside, true),
  text('city', inside, true),
  choice('country_code', 'countries', equality),
  choice('browser_language', 'languages', equality),
  choice('conversation_language', 'languages', equality),
  text('referer', inside, true),
  text('mail_subject', inside, true),
]

/** What the changes of an event name. */
const changing = new Set(['status', 'assignee_id', 'team_id', 'priority'])

function ofType(type: string): Pick<Field, 'kind' | 'operators' | 'several' | 'source'> {
  switch (type) {
    case 'number':
    case 'currency':
    case 'percent':
      return { kind: 'number', operators: [...presence, 'is_greater_than', 'is_less_than'], several: false }
    case 'date':
      return { kind: 'date', operators: ['equal_to', ...calendar, 'is_present', 'is_not_present'], several: false }
    case 'list':
      return { kind: 'choice', source: 'list', operators: presence, several: false }
    case 'checkbox':
      return { kind: 'choice', source: 'booleans', operators: presence, several: false }
  }
  return { kind: 'text', operators: [...inside, 'is_present', 'is_not_present'], several: false }
}

function custom(attributes: readonly Attribute[], model: Model): Field[] {
  return attributes
    .filter((a) => a.attribute_model === model)
    .map((a) => ({
      id: `${model}:${a.attribute_key}`,
      key: a.attribute_key,
      model,
      name: a.attribute_display_name || a.attribute_key,
      list: a.attribute_values.map(String),
      ...ofType(a.attribute_display_type),
    }))
}

/** What lists of conversations can be filtered by. */
export const conversationFields = (attributes: readonly Attribute[]): Field[] => [...conversations, ...custom(attributes, 'conversation_attribute')]

/** What lists of contacts can be filtered by. */
export const contactFields = (attributes: readonly Attribute[]): Field[] => [...contacts, ...custom(attributes, 'contact_attribute')]

/** What automation rules can ask for on an event. */
export function ruleFields(attributes: readonly Attribute[], event: string): Field[] {
  const all = [...rules, ...custom(attributes, 'conversation_attribute'), ...custom(attributes, 'contact_attribute')]
  if (event !== 'conversation_updated') return all
  return all.map((f) => (changing.has(f.key) || f.model === 'conversation_attribute' ? { ...f, operators: [...f.operators, 'attribute_changed'] } : f))
}
