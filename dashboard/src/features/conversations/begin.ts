import type { RouteLocationNormalized } from 'vue-router'
import { beginList } from '@/data/desk/listPages'
import { useIdentity } from '@/data/identity'
import { choiceOf, filterOf, folderOf, queryOf } from './folder'

/** The list that an address shows is asked for while the page is being made. */
export function beginDesk(to: RouteLocationNormalized): void {
  const { user } = useIdentity()
  const folder = folderOf(to)
  // What a saved list is made of is not known yet.
  if (!user || folder.kind === 'view') return
  beginList(Number(to.params.accountId), queryOf(folder, choiceOf(to.query, user.ui_settings.conversations_filter_by), filterOf(to.query)))
}
