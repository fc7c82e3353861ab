/** What macros and automation rules do, one step after the other: pure parts. `ui/steps` has the editor. */

export type Place = 'macro' | 'rule'

/** What a step asks for. */
export type Input = 'agent' | 'team' | 'labels' | 'text' | 'files' | 'teamMail' | 'addresses' | 'url' | 'status' | 'priority' | 'none'

const both: readonly Place[] = ['macro', 'rule']

/** Every action that does something, in the order of a list to choose from. */
export const actions: Readonly<Record<string, { input: Input; places: readonly Place[] }>> = {
  assign_agent: { input: 'agent', places: both },
  assign_team: { input: 'team', places: both },
  remove_assigned_team: { input: 'none', places: ['macro'] },
  add_label: { input: 'labels', places: both },
  remove_label: { input: 'labels', places: both },
  change_priority: { input: 'priority', places: both },
  change_status: { input: 'status', places: both },
  open_conversation: { input: 'none', places: ['rule'] },
  resolve_conversation: { input: 'none', places: both },
  snooze_conversation: { input: 'none', places: both },
  mute_conversation: { input: 'none', places: both },
  send_message: { input: 'text', places: both },
  add_private_note: { input: 'text', places: both },
  send_attachment: { input: 'files', places: both },
  send_email_to_team: { input: 'teamMail', places: ['rule'] },
  send_email_transcript: { input: 'addresses', places: both },
  send_webhook_event: { input: 'url', places: both },
}

/** Who runs the macro. */
export const self = 'self'
export const nobody = 'nil'

export interface Action {
  action_name: string
  action_params: readonly unknown[]
}

/** A step as it is edited. */
export interface Step {
  /** Of the editor alone: it keeps its inputs when steps are moved. */
  id: number
  name: string
  /** Ids, titles, names. */
  values: string[]
  /** What is written: a message, addresses, an address. */
  text: string
  /** Of actions that this page does not know: as they came. */
  raw?: readonly unknown[]
}

let ids = 0

export function newStep(name: string): Step {
  return { id: ++ids, name, values: [], text: '' }
}

export const namesOf = (place: Place): string[] => Object.keys(actions).filter((n) => actions[n]?.places.includes(place))

/** The same step with another action: what was written stays where it means the same. */
export function withAction(step: Step, name: string): Step {
  const same = actions[step.name]?.input === actions[name]?.input
  return same ? { id: step.id, name, values: step.values, text: step.text } : { ...newStep(name), id: step.id }
}

const scalar = (v: unknown): string => (v === null ? nobody : typeof v === 'object' ? '' : String(v))

export function readSteps(list: readonly Action[]): Step[] {
  return list.map((a) => {
    const step = newStep(a.action_name)
    const params = a.action_params
    switch (actions[a.action_name]?.input) {
      case undefined:
        return { ...step, raw: params }
      case 'text':
      case 'addresses':
      case 'url':
        return { ...step, text: params.map(scalar).join(', ') }
      case 'teamMail': {
        const first = params[0] as { team_ids?: unknown[]; message?: unknown } | undefined
        return { ...step, values: (first?.team_ids ?? []).map(scalar), text: scalar(first?.message ?? '') }
      }
      case 'agent':
      case 'team':
      case 'priority':
        return { ...step, values: [scalar(params[0] ?? null)] }
      default:
        return { ...step, values: params.map(scalar) }
    }
  })
}

const numbers = (values: readonly string[]) => values.map((v) => (/^\d+$/.test(v) ? Number(v) : v))

export function writeSteps(steps: readonly Step[]): Action[] {
  return steps.map((s) => {
    const written = (action_params: readonly unknown[]): Action => ({ action_name: s.name, action_params })
    switch (actions[s.name]?.input) {
      case undefined:
        return written(s.raw ?? [])
      case 'none':
        return written([])
      case 'text':
      case 'addresses':
      case 'url':
        return written([s.text.trim()])
      case 'teamMail':
        return written([{ team_ids: numbers(s.values), message: s.text.trim() }])
      case 'agent':
      case 'team':
      case 'files':
        return written(numbers(s.values))
      default:
        return written(s.values)
    }
  })
}

export type StepProblem = 'choose' | 'write' | 'file' | 'address' | 'mail'

/** What a step lacks; null when it can be sent. */
export function problemOfStep(s: Step): StepProblem | null {
  const text = s.text.trim()
  switch (actions[s.name]?.input) {
    case 'agent':
    case 'team':
    case 'labels':
    case 'status':
    case 'priority':
      return s.values.length ? null : 'choose'
    case 'files':
      return s.values.length ? null : 'file'
    case 'text':
      return text ? null : 'write'
    case 'teamMail':
      return !s.values.length ? 'choose' : text ? null : 'write'
    case 'addresses':
      return text && text.split(',').every((a) => /^\s*(\S+@\S+|\{\{\s*contact\.email\s*\}\})\s*$/.test(a)) ? null : 'mail'
    case 'url':
      return /^https?:\/\/[^/\s]/i.test(text) && URL.canParse(text) ? null : 'address'
  }
  return null
}

/** The list with a step at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const out = [...list]
  const [one] = out.splice(from, 1)
  if (one !== undefined) out.splice(to, 0, one)
  return out
}
