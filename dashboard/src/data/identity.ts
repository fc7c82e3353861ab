import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import * as accountsAPI from '@/api/accounts'
import * as auth from '@/api/auth'
import { ApiError } from '@/api/errors'
import { dropSession, readSession } from '@/api/session'
import type { Membership, User } from '@/api/types'

/** Who is signed in. */
export const useIdentity = defineStore('identity', () => {
  const user = shallowRef<User | null>(null)
  let loading: Promise<User | null> | null = null

  /** The signed-in user, from memory or by asking once whether the session holds. */
  async function load(): Promise<User | null> {
    if (user.value) return user.value
    if (!readSession()) return null
    loading ??= auth
      .validate()
      .then((u) => (user.value = u))
      .catch((e: unknown) => {
        if (e instanceof ApiError && e.status === 401) {
          dropSession()
          return null
        }
        throw e
      })
      .finally(() => (loading = null))
    return loading
  }

  function set(u: User | null): void {
    user.value = u
  }

  /** The account that was used last. */
  const latest = computed<Membership | null>(() => {
    const list = user.value?.accounts ?? []
    return [...list].sort((a, b) => (b.active_at ?? '').localeCompare(a.active_at ?? ''))[0] ?? null
  })

  function membership(id: number): Membership | null {
    return user.value?.accounts.find((a) => a.id === id) ?? null
  }

  /** Remembers which account is used; a failure only means that the next visit opens another one. */
  function activate(id: number): void {
    const u = user.value
    if (!u || latest.value?.id === id) return
    const active_at = new Date().toISOString()
    user.value = { ...u, accounts: u.accounts.map((a) => (a.id === id ? { ...a, active_at } : a)) }
    accountsAPI.activate(id).catch(() => {})
  }

  async function signOut(): Promise<void> {
    try {
      await auth.signOut()
    } catch {
      // over anyway, or it ends by itself
    }
    dropSession()
    user.value = null
  }

  return { user, latest, load, set, membership, activate, signOut }
})
