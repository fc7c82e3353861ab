import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useDirectory } from '@/data/directory'
import { tagOf } from '@/lib/locale'
import { none, type Field, type Row, type Source } from '@/lib/filters'
import type { Choice } from '../UiPick.vue'

/** Choices that the directory does not know, by their source. */
export type More = Partial<Record<Source, readonly Choice<string>[]>>

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
const pairs = letters.flatMap((a) => letters.map((b) => a + b))
const noCountries = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ'])

// What was renamed or split stands for another code now.
const isPresent = (tag: string) => Intl.getCanonicalLocales(tag)[0] === tag

function named(type: 'region' | 'language', locale: string): Choice<string>[] {
  const names = new Intl.DisplayNames([tagOf(locale)], { type, fallback: 'none' })
  return pairs
    .filter((c) => (type === 'region' ? !noCountries.has(c) && isPresent(`und-${c}`) : isPresent(c.toLowerCase())))
    .map((c) => ({ value: type === 'region' ? c : c.toLowerCase(), label: names.of(c) ?? '' }))
    .filter((c) => c.label !== '')
    .sort((a, b) => a.label.localeCompare(b.label))
}

/**
 * The words for conditions: names of fields, operators and values, and what there is to
 * choose from. The page loads the texts `filter`.
 */
export function useFilterWords(more: () => More = () => ({})) {
  const { t, te, locale } = useI18n()
  const directory = useDirectory()
  const countries = computed(() => named('region', locale.value))
  const languages = computed(() => named('language', locale.value))
  const fixed = (source: 'statuses' | 'priorities' | 'messageTypes' | 'booleans', values: readonly string[]) =>
    values.map((value) => ({ value, label: t(`filter.value.${source}.${value}`) }))

  /** What a field's values are chosen from; empty where they are written. */
  function choices(f: Field): readonly Choice<string>[] {
    if (f.source === undefined) return []
    switch (f.source) {
      case 'agents':
        return directory.agents.map((a) => ({ value: String(a.id), label: a.available_name || a.email, avatar: a.thumbnail }))
      case 'inboxes':
        return directory.inboxes.map((i) => ({ value: String(i.id), label: i.name }))
      case 'teams':
        return directory.teams.map((x) => ({ value: String(x.id), label: x.name }))
      case 'labels':
        return directory.labels.map((l) => ({ value: l.title, label: l.title, colour: l.color }))
      case 'statuses':
        return fixed('statuses', ['open', 'resolved', 'pending', 'snoozed'])
      case 'priorities':
        return fixed('priorities', ['urgent', 'high', 'medium', 'low'])
      case 'messageTypes':
        return fixed('messageTypes', ['incoming', 'outgoing', 'template'])
      case 'booleans':
        return fixed('booleans', ['true', 'false'])
      case 'countries':
        return countries.value
      case 'languages':
        return languages.value
      case 'list':
        return (f.list ?? []).map((v) => ({ value: v, label: v }))
      case 'campaigns':
        return more().campaigns ?? []
    }
  }

  const field = (f: Field): string => f.name ?? t(`filter.field.${f.key}`)

  const isDated = (f: Field | undefined, o: string) => f?.kind === 'date' && te(`filter.dated.${o}`)
  const operator = (f: Field | undefined, o: string): string =>
    isDated(f, o) ? t(`filter.dated.${o}`) : te(`filter.operator.${o}`) ? t(`filter.operator.${o}`) : o

  /** A value as people read it. */
  function value(f: Field, v: string): string {
    if (v === none) return t('filter.none')
    if (f.source) {
      const known = (more()[f.source] ?? choices(f)).find((c) => c.value === v)
      if (known) return known.label
      return f.source === 'statuses' && v === 'all' ? t('filter.value.statuses.all') : t('filter.gone', { id: v })
    }
    if (f.kind === 'date' && /^\d{4}-\d\d-\d\d$/.test(v)) return new Date(`${v}T00:00:00`).toLocaleDateString(tagOf(locale.value), { dateStyle: 'medium' })
    return f.kind === 'text' ? t('filter.quoted', { text: v }) : v
  }

  const anyOf = (list: readonly string[]) => new Intl.ListFormat(tagOf(locale.value), { type: 'disjunction' }).format(list)

  /** A whole condition in words. */
  function sentence(row: Row, fields: readonly Field[]): string {
    const f = fields.find((x) => x.id === row.field)
    if (!f) return t('filter.unknownField', { key: row.field })
    const said = (list: readonly string[]) => anyOf(list.filter((v) => v.trim() !== '').map((v) => value(f, v)))
    const name = field(f)
    if (row.operator === 'attribute_changed') {
      const what = { field: name, from: said(row.from), to: said(row.to) }
      if (what.from && what.to) return t('filter.said.attribute_changed_both', what)
      return t(what.from ? 'filter.said.attribute_changed_from' : what.to ? 'filter.said.attribute_changed_to' : 'filter.said.attribute_changed', what)
    }
    const values = said(row.values) || '…'
    return t(isDated(f, row.operator) ? `filter.saidDated.${row.operator}` : `filter.said.${row.operator}`, { field: name, values })
  }

  return { choices, field, operator, value, sentence }
}
