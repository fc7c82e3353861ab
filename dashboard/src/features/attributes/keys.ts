/** A key for a name: small letters of the Latin alphabet, digits and _. */
export function keyFor(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
}

export const keyOk = (key: string): boolean => /^[\p{L}\p{N}_-]+$/u.test(key)

/** The values of a list, one a line, each once. */
export const valuesOf = (text: string): string[] => [...new Set(text.split('\n').map((v) => v.trim()).filter(Boolean))]

export const types = ['text', 'number', 'currency', 'percent', 'link', 'date', 'list', 'checkbox'] as const
export const models = ['conversation_attribute', 'contact_attribute'] as const
