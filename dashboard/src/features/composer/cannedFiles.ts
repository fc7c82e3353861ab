import type { CannedResponse } from '@/data/directory'

/** The files of a canned response, as if they had been chosen here. */
export async function filesOf(c: CannedResponse): Promise<File[]> {
  return Promise.all(
    (c.attachments ?? []).map(async (a) => {
      // The address names the host that mails and customers use: here the page's own is meant.
      const url = new URL(a.data_url, location.href)
      const answer = await fetch(url.pathname.startsWith('/rails/') ? url.pathname + url.search : url.href)
      if (!answer.ok) throw new Error(String(answer.status))
      return new File([await answer.blob()], a.filename, { type: a.content_type })
    }),
  )
}
