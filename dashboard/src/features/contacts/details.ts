import { countries } from '@/lib/countries'
import type { Change, Contact } from './calls'

export const socials = ['facebook', 'instagram', 'linkedin', 'twitter', 'github'] as const

export interface Details {
  name: string
  email: string
  phone_number: string
  identifier: string
  company: string
  city: string
  /** A code; or, where only a name is known, "=" and the name. */
  country: string
  description: string
  social: Record<(typeof socials)[number], string>
}

const text = (v: unknown) => (typeof v === 'string' ? v : '')

export function detailsOf(c: Contact): Details {
  const more = c.additional_attributes
  const profiles = (more.social_profiles ?? {}) as Record<string, unknown>
  const name = text(more.country)
  return {
    name: c.name,
    email: c.email ?? '',
    phone_number: c.phone_number ?? '',
    identifier: c.identifier ?? '',
    company: text(more.company_name),
    city: text(more.city),
    country: text(more.country_code).toUpperCase() || (name && `=${name}`),
    description: text(more.description),
    social: Object.fromEntries(socials.map((s) => [s, text(profiles[s])])) as Details['social'],
  }
}

/** A phone number as the server wants it, of one as people write it. */
export const phoneOf = (t: string) => t.trim().replace(/[\s()/.-]/g, '').replace(/^00/, '+')

/** What has to be sent: fields that changed, of nested objects the whole. */
export function changeOf(c: Contact, d: Details): Change {
  const before = detailsOf(c)
  const change: Change = {}
  const more: Record<string, unknown> = {}
  if (d.name.trim() !== before.name) change.name = d.name.trim()
  if (d.email.trim() !== before.email) change.email = d.email.trim() || null
  if (phoneOf(d.phone_number) !== before.phone_number) change.phone_number = phoneOf(d.phone_number) || null
  if (d.identifier.trim() !== before.identifier) change.identifier = d.identifier.trim() || null
  if (d.company.trim() !== before.company) more.company_name = d.company.trim()
  if (d.city.trim() !== before.city) more.city = d.city.trim()
  if (d.description.trim() !== before.description) more.description = d.description.trim()
  if (d.country !== before.country) {
    more.country_code = d.country
    // The name is for people and programs of every language.
    more.country = countries('en').find((x) => x.code === d.country)?.name ?? ''
  }
  if (socials.some((s) => d.social[s].trim() !== before.social[s])) {
    const own = Object.fromEntries(socials.map((s) => [s, d.social[s].trim()]))
    more.social_profiles = { ...(c.additional_attributes.social_profiles as object | undefined), ...own }
  }
  if (Object.keys(more).length > 0) change.additional_attributes = more
  return change
}
