/** WhatsApp's marks (*bold*, _italic_, ~struck~, ```code```) in the words of markdown. */
export function fromWhatsApp(text: string): string {
  const mark = (sign: string) => new RegExp(`(^|[\\s(])\\${sign}(?=\\S)([^${sign}\\n]*?\\S)\\${sign}(?=$|[\\s.,!?;:)])`, 'gm')
  return text.replace(mark('*'), '$1**$2**').replace(mark('~'), '$1~~$2~~')
}
