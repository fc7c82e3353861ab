/** A title as it is stored. */
export const stored = (title: string): string => title.trim().toLocaleLowerCase()

/** Letters and digits of any script, then also _ and -; at least two. */
export const titleOk = (title: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N}_-]+$/u.test(stored(title))

export const colourOk = (colour: string): boolean => /^#[0-9a-f]{6}$/i.test(colour)

/** Colours that can be told apart, on light and on dark. */
export const palette = ['#1f93ff', '#0e9f6e', '#d97706', '#e02424', '#8b5cf6', '#d61f69', '#0694a2', '#64748b'] as const
