import { createHmac } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function decode(secret: string): Buffer {
  let bits = ''
  for (const c of secret.replace(/[\s=]/g, '')) bits += alphabet.indexOf(c).toString(2).padStart(5, '0')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)))
}

/** The code of an authenticator app for a period of 30 seconds (RFC 6238, SHA-1, six digits). */
export function totp(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', decode(secret)).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Gives codes that were not used yet: each works once, and those of the next period count already. */
export class Authenticator {
  private last = 0
  constructor(private readonly secret: string) {}

  async next(): Promise<string> {
    const now = () => Math.floor(Date.now() / 30_000)
    // A code of the next period is taken, too: only the third in a period waits.
    const step = Math.max(this.last + 1, now() - 1)
    while (now() + 1 < step) await new Promise((r) => setTimeout(r, 500))
    this.last = step
    return totp(this.secret, step)
  }
}
