/** Why a provider refused, and what helps. */
export interface Failure {
  /** The provider's own words. */
  text: string
  code: string | null
  /** The key of the remedy. */
  remedy: 'template' | 'reconnect' | 'number' | 'file' | 'later' | 'blocked' | 'none'
}

/** Codes of providers whose remedy is known, by their own documents. */
const remedies: Record<string, Failure['remedy']> = {
  // WhatsApp Cloud API error codes: re-engagement, policy, rate, media, recipient.
  '131047': 'template', '131026': 'number', '131051': 'file', '131052': 'file', '131053': 'file', '130429': 'later', '131048': 'later', '131056': 'later', '131000': 'later',
  '131016': 'later', '131031': 'reconnect', '131045': 'reconnect', '190': 'reconnect', '10': 'reconnect', '131050': 'blocked', '132001': 'template', '132000': 'template', '132015': 'template', '470': 'template',
  // Twilio error dictionary.
  '63016': 'template', '21610': 'blocked', '21211': 'number', '21614': 'number', '30003': 'number', '30005': 'number', '30006': 'number', '30007': 'blocked', '63018': 'later', '20003': 'reconnect',
  // Messenger Platform: outside the window, person unavailable, rate.
  '2018278': 'none', '551': 'blocked', '613': 'later', '4': 'later', '200': 'reconnect',
  // Telegram Bot API.
  '403': 'blocked', '429': 'later', '401': 'reconnect',
}

/** Reads content_attributes.external_error: "code, text", "code: text", "(#code) text" or a text alone. */
export function failureOf(error: unknown): Failure {
  const text = typeof error === 'string' ? error.trim() : ''
  const found = /^\(?#?(\d{2,7})\)?\s*[,:-]?\s*(.*)$/s.exec(text)
  const code = found?.[1] ?? null
  const said = found ? found[2] || text : text
  const byWords = /blocked|unsubscribed/i.test(said) ? 'blocked' : /template|window|24 ?hours/i.test(said) ? 'template' : 'none'
  const remedy = (code ? remedies[code] : undefined) ?? byWords
  return { text: said, code, remedy }
}
