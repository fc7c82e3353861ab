/** The sign between the cells of a table: the one that its first line has most of. */
function delimiterOf(text: string): string {
  const line = text.slice(0, 20_000).split(/\r?\n/, 1)[0] ?? ''
  const plain = line.replace(/"[^"]*"/g, '')
  return [',', ';', '\t'].map((d) => ({ d, n: plain.split(d).length })).reduce((a, b) => (b.n > a.n ? b : a)).d
}

/** Reads a table (RFC 4180, also with semicolons or tabs); null when a quote is never closed. Empty lines are left out. */
export function readCSV(text: string): string[][] | null {
  const source = text.replace(/^\uFEFF/, '')
  const delimiter = delimiterOf(source)
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  const endRow = () => {
    row.push(cell)
    if (row.some((c) => c.trim() !== '')) rows.push(row)
    row = []
    cell = ''
  }
  for (let i = 0; i < source.length; i++) {
    const c = source[i]
    if (quoted) {
      if (c !== '"') cell += c
      else if (source[i + 1] === '"') {
        cell += '"'
        i++
      } else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === delimiter) {
      row.push(cell)
      cell = ''
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && source[i + 1] === '\n') i++
      endRow()
    } else cell += c
  }
  if (quoted) return null
  endRow()
  return rows
}

export function writeCSV(rows: readonly (readonly string[])[]): string {
  const cell = (c: string) => (/[",\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)
  return rows.map((r) => r.map(cell).join(',')).join('\n') + '\n'
}

/** The text of a file: UTF-8, else as older spreadsheets of the West write it. */
export function decodeText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
