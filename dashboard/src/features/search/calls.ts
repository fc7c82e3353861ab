import { api, type Schema } from '@/api/client'

export type ContactHit = Schema<'ContactHit'>
export type ConversationHit = Schema<'ConversationHit'>
export type MessageHit = Schema<'Message'>

export const perPage = 15

const path = '/api/v1/accounts/{account_id}/search'

export const contacts = async (account_id: number, q: string, page: number) =>
  (await api('get', `${path}/contacts`, { path: { account_id }, query: { q, page } })).payload.contacts
export const conversations = async (account_id: number, q: string, page: number) =>
  (await api('get', `${path}/conversations`, { path: { account_id }, query: { q, page } })).payload.conversations
export const messages = async (account_id: number, q: string, page: number) =>
  (await api('get', `${path}/messages`, { path: { account_id }, query: { q, page } })).payload.messages
