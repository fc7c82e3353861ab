import { useI18n } from 'vue-i18n'
import { useDirectory } from '@/data/directory'
import { groupsOf, problemOf, readConditions, ruleFields, type Field, type Row } from '@/lib/filters'
import { tagOf } from '@/lib/locale'
import { readSteps, type Step } from '@/lib/steps'
import type { Schema } from '@/api/client'
import { useFilterWords } from '@/ui/filter/choices'
import { useStepWords, type StepFiles } from '@/ui/steps/words'

export const events = ['conversation_created', 'conversation_updated', 'conversation_opened', 'conversation_resolved', 'message_created'] as const

/** The names of a rule's files by their number. */
export const filesOf = (rule: Schema<'Rule'> | null): StepFiles => Object.fromEntries((rule?.files ?? []).map((f) => [f.blob_id, { name: f.filename, url: f.file_url }]))

/** Rules in words. */
export function useRuleWords() {
  const { t, te, locale } = useI18n()
  const directory = useDirectory()
  const conditions = useFilterWords()
  const actions = useStepWords()

  const eventName = (event: string) => (te(`automation.event.${event}`) ? t(`automation.event.${event}`) : event)

  function conditionsText(rows: readonly Row[], fields: readonly Field[]): string {
    const all = new Intl.ListFormat(tagOf(locale.value), { type: 'conjunction' })
    const groups = groupsOf(rows).map((g) => all.format(g.map((r) => conditions.sentence(r, fields))))
    return groups.reduce((first, second) => t('automation.orIf', { first, second }))
  }

  /** The whole rule as one sentence. */
  function sentence(event: string, rows: readonly Row[], steps: readonly Step[], fields: readonly Field[], files: StepFiles): string {
    const said = steps.map((s) => actions.sentence(s, 'rule', files))
    const then = said.length ? said.reduce((first, second) => t('automation.then', { first, second })) : '…'
    const when = te(`automation.when.${event}`) ? t(`automation.when.${event}`) : event
    return rows.length ? t('automation.sentence', { when, conditions: conditionsText(rows, fields), then }) : t('automation.always', { when, then })
  }

  function ofRule(rule: Schema<'Rule'>): string {
    const fields = ruleFields(directory.attributes, rule.event_name)
    return sentence(rule.event_name, readConditions(rule.conditions, fields), readSteps(rule.actions), fields, filesOf(rule))
  }

  /** What is wrong with a rule's conditions now, "" when nothing is. */
  function fault(rule: Schema<'Rule'>): string {
    if (!directory.ready) return ''
    const fields = ruleFields(directory.attributes, rule.event_name)
    const rows = readConditions(rule.conditions, fields)
    const i = rows.findIndex((r) => problemOf(r, fields) !== null)
    const row = rows[i]
    const problem = row && problemOf(row, fields)
    return problem ? t('automation.fault', { n: i + 1, what: t(`filter.problem.${problem}`) }) : ''
  }

  return { eventName, sentence, ofRule, fault }
}
