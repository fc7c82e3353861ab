import type { Schema } from '@/api/client'

export interface Draft {
  short_code: string
  content: string
  /** Files that stay. */
  kept: readonly Schema<'CannedFile'>[]
  /** Files that come. */
  added: readonly File[]
}

/** A short code is typed after a slash, not with one. */
export const codeOf = (typed: string): string => typed.trim().replace(/^\/+/, '')

/** What is sent: only what changed; a form where files come along, since the list of files is replaced whole. */
export function bodyOf(draft: Draft, before: Schema<'CannedResponse'> | null): { canned_response: Schema<'CannedResponseInput'> } | FormData {
  const code = codeOf(draft.short_code)
  const filesChanged = draft.added.length > 0 || draft.kept.length !== (before?.attachments ?? []).length
  const ids = draft.kept.map((f) => f.signed_id)
  if (draft.added.length > 0) {
    const form = new FormData()
    form.append('canned_response[short_code]', code)
    form.append('canned_response[content]', draft.content)
    for (const id of ids) form.append('canned_response[attachments][]', id)
    for (const f of draft.added) form.append('canned_response[attachments][]', f, f.name)
    return form
  }
  return {
    canned_response: {
      ...(code !== before?.short_code ? { short_code: code } : {}),
      ...(draft.content !== before?.content ? { content: draft.content } : {}),
      ...(filesChanged ? { attachments: ids } : {}),
    },
  }
}
