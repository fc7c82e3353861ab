import type { Schema } from '@/api/client'

type Macro = Pick<Schema<'Macro'>, 'visibility' | 'created_by'>
interface Me {
  id: number | undefined
  admin: boolean
}

const isAuthor = (m: Macro, me: Me) => m.created_by !== undefined && m.created_by.id === me.id

/** Authors, and administrators where everybody uses it. */
export const mayEdit = (m: Macro, me: Me): boolean => isAuthor(m, me) || (m.visibility === 'global' && me.admin)

/** Authors; administrators only when the author is gone. */
export const mayDelete = (m: Macro, me: Me): boolean => isAuthor(m, me) || (m.visibility === 'global' && me.admin && m.created_by === undefined)
