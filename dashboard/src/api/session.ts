/**
 * The session of this browser. It lives in the cookie that Chatwoot's dashboard
 * uses, so that who moves stays signed in, with three differences: it is seen by
 * pages under /app only and never sent to the API (the API reads headers), never
 * to other sites, and over https only where the page came by https. It is the
 * only secret that the dashboard stores; signing out removes it.
 */
export interface Session {
  'access-token': string
  'token-type': string
  client: string
  expiry: string
  uid: string
}

const name = 'cw_d_session_info'

export function readSession(cookies: string = document.cookie): Session | null {
  for (const part of cookies.split('; ')) {
    if (!part.startsWith(name + '=')) continue
    try {
      const s = JSON.parse(decodeURIComponent(part.slice(name.length + 1))) as Partial<Session>
      const expiry = Number(s.expiry)
      if (s['access-token'] && s.uid && s.client && expiry * 1000 > Date.now()) return s as Session
    } catch {
      // not ours
    }
  }
  return null
}

export function cookieOf(s: Session, secure: boolean): string {
  const value = encodeURIComponent(JSON.stringify(s))
  const expires = new Date(Number(s.expiry) * 1000).toUTCString()
  return `${name}=${value}; Path=/app; Expires=${expires}; SameSite=Strict${secure ? '; Secure' : ''}`
}

/** Keeps the session that an answer carries; other answers change nothing. */
export function keepSession(headers: Headers): void {
  const token = headers.get('access-token')
  const client = headers.get('client')
  const uid = headers.get('uid')
  const expiry = headers.get('expiry')
  if (!token || !client || !uid || !expiry) return
  const s: Session = { 'access-token': token, 'token-type': 'Bearer', client, expiry, uid }
  document.cookie = cookieOf(s, location.protocol === 'https:')
}

export function dropSession(): void {
  // The second one is what Chatwoot's dashboard may have left.
  for (const path of ['/app', '/']) document.cookie = `${name}=; Path=${path}; Max-Age=0; SameSite=Strict`
}
