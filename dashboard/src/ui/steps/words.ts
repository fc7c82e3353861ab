import { useI18n } from 'vue-i18n'
import { useDirectory } from '@/data/directory'
import { tagOf } from '@/lib/locale'
import { actions, nobody, self, type Place, type Step } from '@/lib/steps'
import type { Choice } from '../UiPick.vue'

/** The names of files by their number, as far as they are known. */
export type StepFiles = Readonly<Record<string, { name: string; url?: string | undefined }>>

/** The words for steps, and what there is to choose from. The page loads the texts `steps`. */
export function useStepWords() {
  const { t, te, locale } = useI18n()
  const directory = useDirectory()
  const list = (values: readonly string[]) => new Intl.ListFormat(tagOf(locale.value), { type: 'conjunction' }).format(values)

  function choices(name: string, place: Place): Choice<string>[] {
    switch (actions[name]?.input) {
      case 'agent':
        return [
          ...(place === 'macro' ? [{ value: self, label: t('steps.self'), icon: 'user' as const }] : []),
          { value: nobody, label: t('steps.nobody'), icon: 'x' as const },
          ...directory.agents.map((a) => ({ value: String(a.id), label: a.available_name || a.email, avatar: a.thumbnail })),
        ]
      case 'team':
        return [{ value: nobody, label: t('steps.noTeam') }, ...directory.teams.map((x) => ({ value: String(x.id), label: x.name }))]
      case 'teamMail':
        return directory.teams.map((x) => ({ value: String(x.id), label: x.name }))
      case 'labels':
        return directory.labels.map((l) => ({ value: l.title, label: l.title, colour: l.color }))
      case 'status':
        return ['open', 'resolved', 'pending', 'snoozed'].map((value) => ({ value, label: t(`steps.status.${value}`) }))
      case 'priority':
        return ['urgent', 'high', 'medium', 'low', nobody].map((value) => ({ value, label: t(`steps.priority.${value}`) }))
    }
    return []
  }

  const label = (name: string): string => (te(`steps.action.${name}`) ? t(`steps.action.${name}`) : t('steps.unknown', { name }))

  const value = (name: string, v: string, place: Place): string => choices(name, place).find((c) => c.value === v)?.label ?? t('steps.gone', { id: v })

  /** A step in words, as part of a sentence. */
  function sentence(s: Step, place: Place, files: StepFiles): string {
    const input = actions[s.name]?.input
    if (input === undefined) return t('steps.unknown', { name: s.name })
    if (s.values[0] === nobody) return t(`steps.said.${s.name}_none`)
    if (s.values[0] === self && input === 'agent') return t('steps.said.assign_agent_self')
    const names = s.values.map((v) => (input === 'files' ? (files[v]?.name ?? v) : value(s.name, v, place)))
    const text = s.text.trim()
    const short = [...text].length > 80 ? `${[...text].slice(0, 79).join('')}…` : text
    return t(`steps.said.${s.name}`, { what: names.length ? list(names) : '…', text: short || '…' })
  }

  return { choices, label, value, sentence }
}
