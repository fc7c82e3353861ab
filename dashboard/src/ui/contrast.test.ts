// @vitest-environment node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const css = readFileSync(fileURLToPath(new URL('./tokens.css', import.meta.url)), 'utf8')

function palette(selector: string): Record<string, string> {
  const start = css.indexOf(selector + ' {')
  const body = css.slice(start, css.indexOf('}', start))
  return Object.fromEntries([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]]))
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

const light = palette(':root')
const dark = palette(":root[data-theme='dark']")
const surfaces = ['page', 'chrome', 'hover', 'raised', 'own', 'note']

test.each([
  ['light', light],
  ['dark', dark],
])('%s: what is written can be read', (_, p) => {
  const ratio = (a: string, b: string) => contrast(p[a] ?? '', p[b] ?? '')
  for (const surface of surfaces) {
    for (const text of ['text', 'muted', 'link']) expect(ratio(text, surface), `${text} on ${surface}`).toBeGreaterThanOrEqual(5.4)
    expect(ratio('bad', surface), `bad on ${surface}`).toBeGreaterThanOrEqual(4.5)
    expect(ratio('edge', surface), `edge on ${surface}`).toBeGreaterThanOrEqual(3.3)
    expect(ratio('focus', surface), `focus on ${surface}`).toBeGreaterThanOrEqual(5.7)
  }
  for (const word of ['good', 'warning', 'bad', 'info', 'neutral']) expect(ratio(word, `${word}-tint`), word).toBeGreaterThanOrEqual(5.4)
  for (const button of ['brand', 'brand-strong']) expect(ratio('on-brand', button), button).toBeGreaterThanOrEqual(5.4)
  for (const button of ['bad', 'bad-strong']) expect(ratio('on-bad', button), button).toBeGreaterThanOrEqual(5.4)
})

test('the dark is the same by choice and by system', () => {
  expect(palette(':root:not([data-theme])')).toEqual(dark)
})
