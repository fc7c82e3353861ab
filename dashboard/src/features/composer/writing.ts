import { ref, shallowReactive, watch, type Ref } from 'vue'
import { useDrafts, type Mode } from '@/data/desk/drafts'

/** What is being written in one mode. */
export interface Part {
  text: string
  replyTo: number | null
  files: readonly File[]
  /** Addresses with commas, in mail inboxes; null: as they were proposed. */
  to: string | null
  cc: string | null
  bcc: string | null
}

export interface Writing {
  mode: Ref<Mode>
  parts: Readonly<Record<Mode, Part>>
  /** When a draft was left that was found again. */
  foundAt: Ref<number>
  change: (mode: Mode, what: Partial<Part>) => void
  clear: (mode: Mode) => void
}

const blank = (): Part => ({ text: '', replyTo: null, files: [], to: null, cc: null, bcc: null })

/**
 * What is written to one conversation, restored from and kept in its drafts. The
 * conversation is fixed when it begins: nothing that happens later can readdress it.
 */
export function useWriting(accountId: number, conversationId: number): Writing {
  const drafts = useDrafts()
  const mode = ref<Mode>('reply')
  const parts = { reply: shallowReactive(blank()), note: shallowReactive(blank()) }
  const foundAt = ref(0)
  const touched = { reply: false, note: false }

  for (const m of ['reply', 'note'] as const) {
    // Drafts may be read from the disk later than this begins.
    watch(
      () => drafts.get(accountId, conversationId, m),
      (d) => {
        if (!d || touched[m]) return
        Object.assign(parts[m], { text: d.text, replyTo: d.replyTo, files: [...d.files], to: d.to ?? null, cc: d.cc ?? null, bcc: d.bcc ?? null })
        if (m === 'reply' && d.text.trim() !== '') foundAt.value = d.at
        if (m === 'note' && parts.reply.text === '' && d.text !== '') mode.value = 'note'
      },
      { immediate: true },
    )
  }
  void drafts.load()

  function change(m: Mode, what: Partial<Part>): void {
    touched[m] = true
    const part = Object.assign(parts[m], what)
    const { to, cc, bcc } = part
    drafts.set({
      accountId, conversationId, mode: m, text: part.text, replyTo: part.replyTo, files: [...part.files],
      ...(to === null ? {} : { to }), ...(cc === null ? {} : { cc }), ...(bcc === null ? {} : { bcc }),
    })
  }

  function clear(m: Mode): void {
    touched[m] = true
    Object.assign(parts[m], blank())
    drafts.drop(accountId, conversationId, m)
  }

  return { mode, parts, foundAt, change, clear }
}
