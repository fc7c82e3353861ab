/** The rules of passwords, in the order in which they are shown. */
export type PasswordRule = 'length' | 'upper' | 'lower' | 'number' | 'special' | 'allowed'

const special = ' !@#$%^&*()_+-=[]{}|"/\\.,`<>:;?~\''

/** Tells for each rule whether a password keeps it. */
export function passwordRules(password: string): Record<PasswordRule, boolean> {
  const chars = [...password]
  return {
    length: chars.length >= 6 && chars.length <= 128,
    upper: /[A-Z]/.test(password),
    lower: /[a-z]/.test(password),
    number: /[0-9]/.test(password),
    special: chars.some((c) => special.includes(c)),
    allowed: chars.every((c) => /[A-Za-z0-9]/.test(c) || special.includes(c)),
  }
}

export function passwordOk(password: string): boolean {
  return Object.values(passwordRules(password)).every(Boolean)
}
