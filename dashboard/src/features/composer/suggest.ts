import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { CannedResponse } from '@/data/directory'
import { rankCanned } from './canned'
import type { Emoji } from './emoji'
import { useLookups } from './lookups'
import type { Mentionable } from './mentions'
import { rankBy, triggerAt, type Trigger } from './trigger'
import { fill, unknown, type Values } from './variables'

/** One thing to choose while writing. */
export interface Suggestion {
  key: string
  title: string
  detail: string
  /** What is inserted, in full. */
  text: string
  avatar?: string
  team?: boolean
  canned?: CannedResponse
  mention?: Mentionable
}

export interface Suggest {
  trigger: ComputedRef<Trigger | null>
  items: ComputedRef<Suggestion[]>
  highlighted: Ref<number>
  move: (by: number) => void
  /** Not now: until another one is begun. */
  dismiss: () => void
}

interface About {
  accountId: number
  inboxId: number
  text: () => string
  caret: Ref<number>
  note: () => boolean
  values: () => Values
}

const shown = 50

/** What fits to what somebody is about to name. */
export function useSuggest(about: About): Suggest {
  const lookups = useLookups()
  const emoji = shallowRef<readonly Emoji[]>([])
  const highlighted = ref(0)
  const dismissed = ref('')
  const found = computed(() => triggerAt(about.text(), about.caret.value, about.note()))
  const trigger = computed(() => (found.value && `${found.value.kind} ${found.value.from}` !== dismissed.value ? found.value : null))

  watch(
    () => trigger.value?.kind,
    (kind) => {
      if (kind === 'canned') void lookups.wantCanned(about.accountId)
      if (kind === 'mention') void lookups.wantPeople(about.accountId, about.inboxId)
      if (kind === 'emoji') void import('./emoji').then((m) => (emoji.value = m.allEmoji))
    },
  )

  const canned = (q: string): Suggestion[] =>
    rankCanned(lookups.canned(about.accountId) ?? [], q).map((c) => {
      const text = fill(c.content, about.values())
      return { key: `c${c.id}`, title: `/${c.short_code}`, detail: text.replace(/\s+/g, ' ').slice(0, 200), text, canned: c }
    })
  const mentions = (q: string): Suggestion[] =>
    rankBy(lookups.people(about.accountId, about.inboxId), q, (m) => m.name).map((m) => ({
      key: `${m.kind}${m.id}`, title: m.name, detail: '', text: `@${m.name} `, mention: m, team: m.kind === 'team', ...(m.avatar ? { avatar: m.avatar } : {}),
    }))
  const emojis = (q: string): Suggestion[] =>
    rankBy(emoji.value, q.replaceAll('_', ' '), (e) => e.names).map((e) => ({ key: e.char, title: e.char, detail: e.names.split(',')[0] ?? '', text: e.char }))
  function variables(q: string): Suggestion[] {
    const values = about.values()
    return rankBy([...values.keys()], q, (k) => k).map((k) => ({ key: k, title: k, detail: values.get(k) ?? '', text: values.get(k) ?? '' }))
  }

  const items = computed<Suggestion[]>(() => {
    const t = trigger.value
    if (!t) return []
    const of = { canned, mention: mentions, emoji: emojis, variable: variables }
    return of[t.kind](t.query).slice(0, shown)
  })
  watch(
    () => [trigger.value?.kind, trigger.value?.query],
    () => (highlighted.value = 0),
  )
  // A place that was dismissed is offered again once it was left.
  watch(found, (f) => {
    if (!f) dismissed.value = ''
  })

  return {
    trigger,
    items,
    highlighted,
    move: (by) => (highlighted.value = (highlighted.value + by + items.value.length) % items.value.length),
    dismiss: () => (dismissed.value = found.value ? `${found.value.kind} ${found.value.from}` : ''),
  }
}

/** The variables of a suggestion that nobody knows yet. */
export const openIn = (s: Suggestion, values: Values) => unknown(s.text, values)
