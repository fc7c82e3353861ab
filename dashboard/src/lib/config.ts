/** What the server says about this installation; contract of the page's data block. */
export interface ChatwootConfig {
  hostURL: string
  googleOAuthClientId: string
  googleOAuthCallbackUrl: string
  signupEnabled: string
  isEnterprise: string
  isMfaEnabled: string
  selectedLocale: string
  enabledLanguages: { name: string; iso_639_1_code: string }[]
  [key: string]: unknown
}

export interface GlobalConfig {
  INSTALLATION_NAME: string
  LOGO: string
  LOGO_DARK: string
  LOGO_THUMBNAIL: string
  TERMS_URL: string
  PRIVACY_URL: string
  LOGOUT_REDIRECT_LINK: string
  DISABLE_USER_PROFILE_UPDATE: string
  APP_VERSION: string
  [key: string]: unknown
}

declare global {
  interface Window {
    chatwootConfig: ChatwootConfig
    globalConfig: GlobalConfig
    browserConfig: { browser_name: string }
    errorLoggingConfig: string
    analyticsConfig?: { token: string }
  }
}

interface Block {
  chatwootConfig: Partial<ChatwootConfig> & { vapidPublicKey?: string }
  globalConfig: Partial<GlobalConfig>
  browserConfig: { browser_name: string }
  errorLoggingConfig: string
  analyticsConfig?: { token: string }
}

function bytes(base64url: string): Uint8Array {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}

/**
 * Reads the data block of the page and sets the globals that scripts of operators
 * know. Without a block (tests, the development server) everything is empty.
 */
export function readConfig(doc: Document = document): void {
  const text = doc.getElementById('config')?.textContent
  const block: Block = text
    ? (JSON.parse(text) as Block)
    : { chatwootConfig: {}, globalConfig: {}, browserConfig: { browser_name: '' }, errorLoggingConfig: '' }
  const key = block.chatwootConfig.vapidPublicKey
  window.chatwootConfig = {
    hostURL: '',
    googleOAuthClientId: '',
    googleOAuthCallbackUrl: '',
    signupEnabled: 'false',
    isEnterprise: 'false',
    isMfaEnabled: 'false',
    selectedLocale: 'en',
    enabledLanguages: [],
    ...block.chatwootConfig,
    vapidPublicKey: key ? bytes(key) : '',
  }
  window.globalConfig = {
    INSTALLATION_NAME: 'Tributary',
    LOGO: '',
    LOGO_DARK: '',
    LOGO_THUMBNAIL: '',
    TERMS_URL: '',
    PRIVACY_URL: '',
    LOGOUT_REDIRECT_LINK: '',
    DISABLE_USER_PROFILE_UPDATE: 'false',
    APP_VERSION: '',
    ...block.globalConfig,
  }
  window.browserConfig = block.browserConfig
  window.errorLoggingConfig = block.errorLoggingConfig
  if (block.analyticsConfig) window.analyticsConfig = block.analyticsConfig
}

/** Settings arrive as text, whatever they mean. */
export function isOn(value: unknown): boolean {
  return value === true || value === 'true'
}
