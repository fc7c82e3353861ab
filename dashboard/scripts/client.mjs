// Generates the types of the API from the program's own OpenAPI document:
// `npm run client` writes src/api/generated.ts, `npm run client -- --check` fails
// where it differs. Only what the page may call, and JSON alone of the bodies.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const target = at('../src/api/generated.ts')
const program = process.env.TRIBUTARY ?? at('../../bin/tributary')
const document = JSON.parse(execFileSync(program, ['openapi'], { maxBuffer: 1 << 26 }).toString())

const called = /^\/(api\/v[12]|enterprise\/api\/v1)\//
for (const path of Object.keys(document.paths)) if (!called.test(path)) delete document.paths[path]

function slim(value) {
  if (Array.isArray(value)) return value.forEach(slim)
  if (typeof value !== 'object' || value === null) return
  const { content } = value
  if (content && 'application/json' in content) value.content = { 'application/json': content['application/json'] }
  for (const v of Object.values(value)) slim(v)
}
for (const methods of Object.values(document.paths)) {
  for (const [name, method] of Object.entries(methods)) {
    if (name === 'parameters') continue
    // Refusals are read in one place, whatever the call.
    for (const status of Object.keys(method.responses ?? {})) if (!/^2/.test(status)) delete method.responses[status]
  }
}
slim(document)
delete document.components.responses
delete document.components.securitySchemes

const text =
  '// Made by `npm run client` from the OpenAPI document of the program: do not edit.\n\n' +
  astToString(await openapiTS(document, { alphabetize: true, emptyObjectsUnknown: true, defaultNonNullable: false }))
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/api/generated.ts is not what the API says: run npm run client')
    process.exit(1)
  }
} else writeFileSync(target, text)
