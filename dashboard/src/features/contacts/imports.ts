import { writeCSV } from '@/lib/csv'
import { phoneOf } from './details'

/** What a column of a file becomes: one of these, an attribute ("custom:key"), or nothing (""). */
export const targets = ['name', 'email', 'phone_number', 'identifier', 'company', 'city'] as const

export interface Table {
  heads: string[]
  rows: string[][]
}

const words: Readonly<Record<string, (typeof targets)[number] | ''>> = {
  name: 'name', fullname: 'name', contactname: 'name', customer: 'name', displayname: 'name',
  email: 'email', mail: 'email', emailaddress: 'email', contactemail: 'email',
  phone: 'phone_number', phonenumber: 'phone_number', mobile: 'phone_number', mobilephone: 'phone_number', telephone: 'phone_number', tel: 'phone_number', whatsapp: 'phone_number',
  identifier: 'identifier', externalid: 'identifier', customerid: 'identifier',
  company: 'company', companyname: 'company', organization: 'company', organisation: 'company',
  city: 'city', town: 'city',
  // Of an export: ids are given by the server.
  id: '',
}

/** What the columns of a file most likely are. No two columns become the same. */
export function guess(heads: readonly string[], definitions: readonly { attribute_key: string; attribute_display_name: string }[]): string[] {
  const taken = new Set<string>()
  return heads.map((head) => {
    const plain = head.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
    const own = definitions.find((d) => d.attribute_key === head.trim() || d.attribute_display_name.toLowerCase() === head.trim().toLowerCase())
    const target = words[plain] ?? (own ? `custom:${own.attribute_key}` : head.trim() ? `custom:${head.trim()}` : '')
    if (target === '' || taken.has(target)) return ''
    taken.add(target)
    return target
  })
}

export type Fault = 'address' | 'email' | 'phone' | 'twice'

/** What is wrong with each row, as the server would find it. */
export function check(table: Table, mapping: readonly string[]): Fault[][] {
  const at = (row: readonly string[], target: string) => (row[mapping.indexOf(target)] ?? '').trim()
  const seen = new Set<string>()
  return table.rows.map((row) => {
    const faults: Fault[] = []
    const email = at(row, 'email').toLowerCase()
    const phone = importPhone(at(row, 'phone_number'))
    const identifier = at(row, 'identifier')
    if (!email && !phone && !identifier) faults.push('address')
    if (email && !/^[^\s@]+@[^\s@]+$/.test(email)) faults.push('email')
    if (phone && !/^\+[1-9]\d{1,14}$/.test(phone)) faults.push('phone')
    const keys = [email && `e ${email}`, phone && `p ${phone}`, identifier && `i ${identifier}`].filter(Boolean)
    if (keys.some((k) => seen.has(k))) faults.push('twice')
    for (const k of keys) seen.add(k)
    return faults
  })
}

function importPhone(text: string): string {
  const phone = phoneOf(text)
  return phone && !phone.startsWith('+') ? `+${phone}` : phone
}

/** The file that is sent: columns under the names that the server knows, without what is left out. */
export function fileOf(table: Table, mapping: readonly string[], name: string): File {
  const kept = mapping.map((target, i) => ({ target, i })).filter((m) => m.target !== '')
  const heads = kept.map((m) => m.target.replace(/^custom:/, ''))
  const rows = table.rows.map((row) => kept.map((m) => (m.target === 'phone_number' ? importPhone(row[m.i] ?? '') : (row[m.i] ?? '').trim())))
  return new File([writeCSV([heads, ...rows])], name, { type: 'text/csv' })
}

/** Something can be found again by what is sent. */
export const isUsable = (mapping: readonly string[]) => ['email', 'phone_number', 'identifier'].some((t) => mapping.includes(t))

export const isUnderway = (status: string) => status === 'pending' || status === 'processing'
