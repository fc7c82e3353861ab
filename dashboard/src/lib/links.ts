/** An address that may be opened, of what customers and providers send; anything else, such as javascript:, is none. */
export function safeLink(address: string | null | undefined): string | undefined {
  return address && (/^(https?:|blob:)/i.test(address) || /^\/(?!\/)/.test(address)) ? address : undefined
}

/** The name of the file at the end of an address. */
export function fileName(address: string): string {
  const last = address.split('?')[0]?.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
