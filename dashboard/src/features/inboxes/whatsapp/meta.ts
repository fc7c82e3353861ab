/**
 * Meta's dialogs: Embedded Signup for WhatsApp, the choice of pages for Facebook.
 * Their script comes from Meta, and is asked for only when somebody presses the button;
 * the page's policy lets it in only where the operator set the app's ids.
 */

interface LoginAnswer {
  status?: string
  authResponse?: { code?: string; accessToken?: string } | null
}

interface SDK {
  init: (options: Record<string, unknown>) => void
  login: (done: (answer: LoginAnswer) => void, options: Record<string, unknown>) => void
}

declare global {
  interface Window {
    FB?: SDK
    fbAsyncInit?: () => void
  }
}

export class Cancelled extends Error {}
/** Meta's script cannot be loaded: a blocker, a firewall, no network. */
export class NoScript extends Error {}

const source = 'https://connect.facebook.net/en_US/sdk.js'
let loading: Promise<SDK> | null = null

function load(): Promise<SDK> {
  loading ??= new Promise<SDK>((resolve, reject) => {
    const fail = () => {
      loading = null
      reject(new NoScript())
    }
    const script = document.createElement('script')
    script.src = source
    script.async = true
    script.onerror = fail
    window.fbAsyncInit = () => (window.FB ? resolve(window.FB) : fail())
    document.head.append(script)
  })
  return loading
}

async function sdk(appId: unknown, version: unknown): Promise<SDK> {
  const FB = await load()
  FB.init({ appId, version, autoLogAppEvents: false, cookie: false, status: false, xfbml: false })
  return FB
}

/** What the dialog of Embedded Signup gave. */
export interface SignupResult {
  code: string
  wabaId: string
  businessId: string
  phoneNumberId: string
  event: string
}

const text = (v: unknown): string => (typeof v === 'string' || typeof v === 'number' ? String(v) : '')

interface SignupMessage {
  event: string
  data: Record<string, unknown>
}

/** Reads a message of the dialog; null for everything else that arrives in the window. */
export function signupMessage(origin: string, data: unknown): SignupMessage | null {
  let host: string
  try {
    host = new URL(origin).hostname
  } catch {
    return null
  }
  if (host !== 'facebook.com' && !host.endsWith('.facebook.com')) return null
  try {
    const m = (typeof data === 'string' ? JSON.parse(data) : data) as { type?: unknown; event?: unknown; data?: unknown } | null
    if (m?.type !== 'WA_EMBEDDED_SIGNUP') return null
    return { event: text(m.event), data: (m.data ?? {}) as Record<string, unknown> }
  } catch {
    return null
  }
}

/** How long the ids may be behind the code, or the code behind the ids. */
const patience = 4_000

/**
 * Opens Embedded Signup. known: an inbox that is connected again, whose account need
 * not be named by the dialog. Must be called from a press: browsers block popups else.
 */
export async function signUp(known?: { wabaId: string; phoneNumberId: string }): Promise<SignupResult> {
  const config = window.chatwootConfig
  const FB = await sdk(config['whatsappAppId'], config['whatsappApiVersion'])
  return new Promise<SignupResult>((resolve, reject) => {
    let ids: SignupMessage | null = null
    let code = ''
    const end = (act: () => void) => {
      window.removeEventListener('message', hear)
      act()
    }
    const finish = () => {
      if (!code || (!ids && !known)) return
      const from = ids?.data ?? {}
      const wabaId = text(from['waba_id']) || (known?.wabaId ?? '')
      end(() =>
        resolve({
          code, wabaId, businessId: text(from['business_id']), phoneNumberId: text(from['phone_number_id']) || (known?.phoneNumberId ?? ''), event: ids?.event ?? '',
        }),
      )
    }
    const hear = (e: MessageEvent) => {
      const m = signupMessage(e.origin, e.data)
      if (!m) return
      if (m.event === 'CANCEL') return end(() => reject(new Cancelled()))
      if (m.event.toLowerCase() === 'error') return end(() => reject(new Error(text(m.data['error_message']) || m.event)))
      ids = m
      finish()
    }
    window.addEventListener('message', hear)
    FB.login(
      (answer) => {
        code = answer.authResponse?.code ?? ''
        if (!code) return end(() => reject(new Cancelled()))
        if (ids || known) return finish()
        setTimeout(() => !ids && end(() => reject(new Error('no_account'))), patience)
      },
      {
        config_id: config['whatsappConfigurationId'],
        response_type: 'code',
        override_default_response_type: true,
        extras: { setup: {}, featureType: 'whatsapp_business_app_onboarding', sessionInfoVersion: '3' },
      },
    )
  })
}

/** Signs in at Facebook to choose a page; gives the token of the person. */
export async function facebookLogin(): Promise<string> {
  const config = window.chatwootConfig
  const FB = await sdk(config['fbAppId'], config['fbApiVersion'])
  return new Promise((resolve, reject) =>
    FB.login(
      (answer) => {
        const token = answer.authResponse?.accessToken
        if (token) resolve(token)
        else reject(new Cancelled())
      },
      { scope: 'pages_manage_metadata,business_management,pages_messaging,instagram_basic,pages_show_list,pages_read_engagement,instagram_manage_messages' },
    ),
  )
}
