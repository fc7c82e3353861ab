import { createI18n, type LocaleMessageDictionary, type VueMessageType } from 'vue-i18n'
import { directionOf, localeCodes, pickLocale, tagOf } from '@/lib/locale'
import english from './texts/en.json'

type Texts = LocaleMessageDictionary<VueMessageType>
type Loader = () => Promise<{ default: Texts }>

// Texts lie beside the feature that says them, or the part of ui that several features
// share; a screen loads those it names.
const files = import.meta.glob<{ default: Texts }>(['./texts/*.json', '../features/*/texts/*.json', '../ui/*/texts/*.json', '!./texts/en.json'])

/** Where a feature's texts of a locale are; "app" is the frame. */
function loader(feature: string, locale: string): Loader | undefined {
  return files[feature === 'app' ? `./texts/${locale}.json` : `../features/${feature}/texts/${locale}.json`] ?? files[`../ui/${feature}/texts/${locale}.json`]
}

/** The locales that are translated. */
export const translated: readonly string[] = localeCodes.filter((code) => code === 'en' || loader('app', code))

export const i18n = createI18n<false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en: english },
  missingWarn: false,
  fallbackWarn: false,
})

const features = new Set<string>(['app'])
const loaded = new Set<string>(['app en'])

async function load(feature: string, locale: string): Promise<void> {
  const key = `${feature} ${locale}`
  const read = loader(feature, locale)
  if (loaded.has(key) || !read) return
  const texts = await read()
  i18n.global.mergeLocaleMessage(locale, feature === 'app' ? texts.default : { [feature]: texts.default })
  loaded.add(key)
}

/** Loads a feature's texts, in the language that is shown and in English. */
export async function useTexts(feature: string): Promise<void> {
  features.add(feature)
  await Promise.all([load(feature, 'en'), load(feature, i18n.global.locale.value)])
}

/** Shows another language. */
export async function setLocale(locale: string): Promise<void> {
  await Promise.all([...features].map((f) => load(f, locale)))
  i18n.global.locale.value = locale
  document.documentElement.lang = tagOf(locale)
  document.documentElement.dir = directionOf(locale)
}

/** The language for somebody: what they chose, else what their browser speaks, else the installation's. */
export function localeFor(chosen: unknown): string {
  const asked = new URLSearchParams(location.search).get('locale')
  return pickLocale(
    [asked, typeof chosen === 'string' ? chosen : null, ...navigator.languages, window.chatwootConfig.selectedLocale],
    translated,
  )
}
