import type { RouteRecordRaw } from 'vue-router'
import type { IconName } from '@/ui/UiIcon.vue'

/** An entry of the settings' list. */
export interface SettingsEntry {
  /** The name of its route. */
  name: string
  /** The key of its name, of the frame's texts. */
  label: string
  icon: IconName
  group: 'account' | 'work' | 'channels' | 'you' | 'connections'
  /** Administrators alone see it. */
  admin?: boolean
  /** Where among its group. */
  order: number
  shown?: () => boolean
}

/** What a feature adds to the dashboard. Each feature's routes.ts exports one as `feature`. */
export interface Feature {
  /** Pages of an account, in the main frame. */
  account?: RouteRecordRaw[]
  /** Pages of an account, beside the list of settings. */
  settings?: RouteRecordRaw[]
  /** Pages outside accounts. */
  outside?: RouteRecordRaw[]
  entries?: SettingsEntry[]
}

const found = import.meta.glob<{ feature: Feature }>('../features/*/routes.ts', { eager: true })

export const features: readonly Feature[] = Object.values(found).map((f) => f.feature)
