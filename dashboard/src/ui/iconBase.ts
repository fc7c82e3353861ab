import {
  ArrowRight, BuildingComplex, Check, ChevronDown, Circle, Copy, Download, Eye, EyeOff, House, Inbox, Info, Lock, Mail, Plus, Search, Settings, Shield,
  TriangleAlert, User, Users, X,
} from '@lucide/vue'
import type { Component } from 'vue'
import type { more } from './icons'

// Lucide (ISC licence), by the name of what is meant. Everybody needs these; the
// others come with the screens behind the sign-in page.
const base = {
  alert: TriangleAlert, arrow: ArrowRight, building: BuildingComplex, check: Check, chevron: ChevronDown, circle: Circle, copy: Copy, download: Download,
  eye: Eye, eyeOff: EyeOff, home: House, inbox: Inbox, info: Info, lock: Lock, mail: Mail, plus: Plus, search: Search, settings: Settings,
  shield: Shield, user: User, users: Users, x: X,
} as const

export type IconName = keyof typeof base | keyof typeof more

const known: Record<string, Component> = { ...base }

export function add(icons: Record<string, Component>): void {
  Object.assign(known, icons)
}

export const iconOf = (name: IconName): Component | undefined => known[name]

/** What points along the text is turned where text runs from right to left. */
export const turned: ReadonlySet<IconName> = new Set<IconName>(['arrow', 'back', 'left', 'right', 'logout', 'reply', 'send', 'undo', 'external', 'list', 'panel'])
