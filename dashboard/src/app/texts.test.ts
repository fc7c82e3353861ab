// @vitest-environment node
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { localeCodes } from '@/lib/locale'

const root = fileURLToPath(new URL('..', import.meta.url))

function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name)
    return statSync(path).isDirectory() ? walk(path) : [path]
  })
}

const files = walk(root)
const texts = files.filter((f) => basename(dirname(f)) === 'texts' && f.endsWith('.json'))
const sources = files.filter((f) => /\.(vue|ts)$/.test(f) && !f.endsWith('.test.ts') && !f.endsWith('/generated.ts'))
const folders = [...new Set(texts.map(dirname))]

function flat(value: unknown, prefix = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[prefix, value]])
  const out = new Map<string, string>()
  for (const [key, v] of Object.entries(value as object)) for (const [k, t] of flat(v, prefix ? `${prefix}.${key}` : key)) out.set(k, t)
  return out
}

const read = (path: string) => flat(JSON.parse(readFileSync(path, 'utf8')))
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

/** Every English text by its whole key. */
const english = new Map<string, string>()
for (const folder of folders) {
  const feature = basename(dirname(folder))
  for (const [key, text] of read(join(folder, 'en.json'))) english.set(feature === 'app' ? key : `${feature}.${key}`, text)
}

test('a locale is translated everywhere or nowhere, by a code that accounts know', () => {
  const codes = new Set(texts.map((f) => basename(f, '.json')))
  for (const code of codes) {
    expect(localeCodes).toContain(code)
    for (const folder of folders) expect(texts, `${code} in ${folder}`).toContain(join(folder, `${code}.json`))
  }
  for (const code of ['en', 'de', 'fr', 'es', 'pt_BR', 'ar']) expect(codes).toContain(code)
})

test('every locale says everything, with the same placeholders', () => {
  for (const file of texts) {
    const original = read(join(dirname(file), 'en.json'))
    const translation = read(file)
    expect([...translation.keys()].sort(), file).toEqual([...original.keys()].sort())
    for (const [key, text] of translation) {
      expect(text.trim(), `${file}: ${key}`).not.toBe('')
      expect(placeholders(text), `${file}: ${key}`).toEqual(placeholders(original.get(key) ?? ''))
      // Characters that mean something to the formatter.
      expect(text, `${file}: ${key}`).not.toMatch(/[@|]/)
    }
  }
})

test('every key that a screen says is there, and every key is said', () => {
  const said = new Set<string>()
  const begun: string[] = []
  const all = sources.map((f) => readFileSync(f, 'utf8')).join('\n')
  for (const [, key] of all.matchAll(/['"`]([a-z]\w*(?:\.[\w-]+)+)['"`]/g)) if (key) said.add(key)
  for (const [, start] of all.matchAll(/`([a-z]\w*(?:\.\w+)*\.)\$\{[^}]+\}/g)) if (start) begun.push(start)
  for (const [, key] of all.matchAll(/\bt\(\s*['"]([^'"]+)['"]/g)) expect([...english.keys()], 'said, but not written').toContain(key)
  for (const start of begun) expect([...english.keys()].some((k) => k.startsWith(start)), start).toBe(true)
  const silent = [...english.keys()].filter((k) => !said.has(k) && !begun.some((b) => k.startsWith(b)))
  expect(silent, 'written, but never said').toEqual([])
})

// The composer is a part that several screens hold.
test('features know nothing of each other, and components are short', () => {
  for (const file of sources) {
    const text = readFileSync(file, 'utf8')
    const own = /\/features\/(\w+)\//.exec(file)?.[1]
    if (own) for (const [, other] of text.matchAll(/@\/features\/(\w+)/g)) expect([own, 'composer'], file).toContain(other)
    if (/\/(ui|lib|api|data)\//.test(file)) expect(text, file).not.toMatch(/@\/(features|app)\//)
    expect(text.split('\n').length, file).toBeLessThanOrEqual(250)
  }
})
