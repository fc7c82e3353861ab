// Measures the build against the budgets of the design: kB of gzip that a first
// visit loads.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url).pathname
const size = (path) => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length
const files = readdirSync(join(dist, 'assets'))
const html = readFileSync(join(dist, 'index.html'), 'utf8')

/** The scripts that one chunk needs, itself included: what it imports at once, not what it loads later. */
function needs(file, seen = new Set()) {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(join(dist, 'assets', file), 'utf8')
  for (const [, other] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) needs(other, seen)
  return seen
}

const entry = [...html.matchAll(/(?:src|href)="\/app\/assets\/([^"]+\.js)"/g)].map((m) => m[1])
const chunk = (name) => files.find((f) => f.startsWith(`${name}-`) && f.endsWith('.js'))
const sum = (set) => [...set].reduce((n, f) => n + size(join('assets', f)), 0)
const page = (...names) => {
  const seen = new Set()
  for (const f of [...entry, ...names.map(chunk)]) {
    if (!f) throw new Error(`a chunk is missing among ${names}`)
    needs(f, seen)
  }
  return sum(seen)
}

const texts = (feature) => Math.max(...files.filter((f) => f.startsWith(`texts-${feature}-`)).map((f) => size(join('assets', f))))
const rows = [
  ['sign-in, JavaScript', page('AuthFrame', 'SignInPage') + texts('auth'), 90],
  ['desk, JavaScript', page('AccountShell', 'DeskPage', 'threadParts', 'menus', 'markdown') + texts('conversations') + texts('composer') + texts('filter'), 250],
  ['styles', files.filter((f) => f.endsWith('.css')).reduce((n, f) => n + size(join('assets', f)), 0), 40],
  ['the largest settings area', sum(new Set(['MFAPage', 'ProfilePage', 'SettingsFrame'].map(chunk))), 60],
]
let over = false
for (const [what, bytes, limit] of rows) {
  const kB = bytes / 1000
  over ||= kB > limit
  console.log(`${kB > limit ? 'OVER ' : ''}${what}: ${kB.toFixed(1)} kB of ${limit}`)
}
process.exit(over ? 1 : 0)
