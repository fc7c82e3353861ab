import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

export interface Question {
  title: string
  text: string
  action: string
  danger: boolean
  answer: (yes: boolean) => void
}

export interface Toast {
  id: number
  text: string
  bad: boolean
  /** Takes back what the text says. */
  undo?: () => void
}

/** What floats above every screen: a question, a short message, the state of the link. */
export const useUI = defineStore('ui', () => {
  const question = shallowRef<Question | null>(null)
  const toasts = shallowRef<readonly Toast[]>([])
  const waiting = ref(false)
  /** The session is over: no page keeps somebody back. */
  const ended = ref(false)
  /** How many pages were opened in this window's life. */
  const pages = ref(0)
  let next = 1

  function ask(q: Omit<Question, 'answer'>): Promise<boolean> {
    question.value?.answer(false)
    return new Promise((resolve) => {
      question.value = {
        ...q,
        answer: (yes) => {
          question.value = null
          resolve(yes)
        },
      }
    })
  }

  function toast(text: string, bad = false): void {
    const id = next++
    toasts.value = [...toasts.value.slice(-2), { id, text, bad }]
    setTimeout(() => dismiss(id), bad ? 12_000 : 6_000)
  }

  /** Says what was done and offers to take it back; tells after a time whether it stays. */
  function undoable(text: string, ms: number): Promise<boolean> {
    const id = next++
    return new Promise((resolve) => {
      const stay = () => end(true) // a page that goes away takes nothing back
      const end = (kept: boolean) => {
        clearTimeout(timer)
        window.removeEventListener('pagehide', stay)
        dismiss(id)
        resolve(kept)
      }
      const timer = setTimeout(stay, ms)
      window.addEventListener('pagehide', stay)
      toasts.value = [...toasts.value.slice(-2), { id, text, bad: false, undo: () => end(false) }]
    })
  }

  /** Takes back the last thing that can be; tells whether there was one. */
  function undoLast(): boolean {
    const last = toasts.value.findLast((t) => t.undo)
    last?.undo?.()
    return last !== undefined
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((t) => t.id !== id)
  }

  return { question, toasts, waiting, ended, pages, ask, toast, undoable, undoLast, dismiss }
})
