import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { defineComponent, nextTick, ref } from 'vue'
import { ApiError } from '@/api/errors'
import { usePages, type Page, type Pages } from './pages'

const flush = () => new Promise((r) => setTimeout(r))
const items = (...ids: number[]) => ids.map((id) => ({ id }))

function list(read: (page: number) => Promise<Page<{ id: number }>>, source = ref(0)): Pages<{ id: number }> {
  let pages: Pages<{ id: number }> | undefined
  mount(defineComponent({ setup: () => ((pages = usePages(read, 2, source)), () => null) }))
  return pages!
}

test('pages follow each other; what moved to the next one is shown once', async () => {
  const answers = [items(1, 2), items(2, 3), items(4)]
  const pages = list((page) => Promise.resolve({ items: answers[page - 1] ?? [], count: 4 }))
  await flush()
  expect(pages.data.value).toEqual(items(1, 2))
  expect(pages.done.value).toBe(false)
  await pages.more()
  expect(pages.data.value).toEqual(items(1, 2, 3))
  await pages.more()
  expect(pages.data.value).toEqual(items(1, 2, 3, 4))
  expect(pages.done.value).toBe(true)
  expect(pages.count.value).toBe(4)
})

test('a page that fails leaves what is there, and is asked for again', async () => {
  let fail = true
  const pages = list((page) => (page === 2 && fail ? Promise.reject(new ApiError('offline')) : Promise.resolve({ items: items(page * 2, page * 2 + 1) })))
  await flush()
  await pages.more()
  expect(pages.moreError.value?.kind).toBe('offline')
  expect(pages.data.value).toEqual(items(2, 3))
  fail = false
  await pages.more()
  expect(pages.moreError.value).toBeNull()
  expect(pages.data.value).toEqual(items(2, 3, 4, 5))
})

test('an answer for what is not wanted any more is dropped', async () => {
  const source = ref(0)
  const waiting: ((p: Page<{ id: number }>) => void)[] = []
  const pages = list(() => new Promise((resolve) => waiting.push(resolve)), source)
  source.value = 1
  await nextTick()
  waiting[1]?.({ items: items(9) })
  await flush()
  waiting[0]?.({ items: items(1) })
  await flush()
  expect(pages.data.value).toEqual(items(9))
})
