import type { Values } from '../credentials'

/** What was typed into the wizard's forms, as long as the page lives: secrets go nowhere else. */
export const kept = new Map<string, Values>()
