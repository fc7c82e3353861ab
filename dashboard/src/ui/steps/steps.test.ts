import { mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import { i18n, useTexts } from '@/app/i18n'
import { newStep, readSteps, writeSteps, type Step } from '@/lib/steps'
import StepRows from './StepRows.vue'
import { useStepWords, type StepFiles } from './words'

beforeEach(async () => {
  setActivePinia(createPinia())
  await useTexts('steps')
})
afterEach(() => vi.unstubAllGlobals())

function editor(steps: Step[], place: 'macro' | 'rule' = 'macro'): VueWrapper {
  const w: VueWrapper = mount(StepRows, {
    props: {
      modelValue: steps,
      files: {} as StepFiles,
      place,
      'onUpdate:modelValue': (modelValue: Step[]) => void w.setProps({ modelValue }),
      'onUpdate:files': (files: StepFiles) => void w.setProps({ files }),
    },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  return w
}
const stepsOf = (w: VueWrapper) => w.props('modelValue' as never) as unknown as Step[]
const names = (w: VueWrapper) => stepsOf(w).map((s) => s.name)

test('steps are moved by buttons, and the focus goes along', async () => {
  const w = editor([newStep('mute_conversation'), newStep('resolve_conversation'), newStep('snooze_conversation')])
  const up = w.get<HTMLButtonElement>('[aria-label="Move step 3 up"]')
  await up.trigger('click')
  await nextTick()
  expect(names(w)).toEqual(['mute_conversation', 'snooze_conversation', 'resolve_conversation'])
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Move step 2 up')
  expect(w.get('[role=status]').text()).toBe('Step 3 is step 2 now')
  await w.get('[aria-label="Move step 2 up"]').trigger('click')
  await nextTick()
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Move step 1 down')
  expect(w.get<HTMLButtonElement>('[aria-label="Move step 1 up"]').element.disabled).toBe(true)
})

test('steps are moved by dragging', async () => {
  const w = editor([newStep('mute_conversation'), newStep('resolve_conversation'), newStep('snooze_conversation')])
  await w.findAll('[draggable=true]')[0]!.trigger('dragstart')
  await w.findAll('li')[2]!.trigger('drop')
  expect(names(w)).toEqual(['resolve_conversation', 'snooze_conversation', 'mute_conversation'])
})

test('a place offers its own actions, and keeps what it does not know', async () => {
  const unknown = readSteps([{ action_name: 'add_sla', action_params: [4] }])
  const w = editor(unknown, 'rule')
  expect(w.text()).toContain('This action does nothing here.')
  const options = w.findAll('option').map((o) => o.attributes('value'))
  expect(options).toContain('send_email_to_team')
  expect(options).not.toContain('remove_assigned_team')
  expect(writeSteps(stepsOf(w))).toEqual([{ action_name: 'add_sla', action_params: [4] }])
})

test('files are taken in before the macro is saved; what is refused is said', async () => {
  const answers = [new Response(JSON.stringify({ blob_id: 7, blob_key: 'k', file_url: '/f' }), { status: 200 }), new Response(JSON.stringify({ error: 'No file or URL provided' }), { status: 422 })]
  vi.stubGlobal('fetch', () => Promise.resolve(answers.shift()))
  const w = editor([newStep('send_attachment')])
  const input = w.get<HTMLInputElement>('input[type=file]')
  Object.defineProperty(input.element, 'files', { value: [new File(['1'], 'bill.txt'), new File(['2'], 'other.txt')] })
  await input.trigger('change')
  await vi.waitFor(() => expect(w.text()).toContain('No file or URL provided'))
  expect(writeSteps(stepsOf(w))).toEqual([{ action_name: 'send_attachment', action_params: [7] }])
  expect(w.text()).toContain('bill.txt')
  expect(w.text()).not.toContain('other.txt')
  await w.get('[aria-label="Remove the file bill.txt"]').trigger('click')
  expect(stepsOf(w)[0]?.values).toEqual([])
})

test('steps are said in words', () => {
  let words: ReturnType<typeof useStepWords> | undefined
  mount({ setup: () => ((words = useStepWords()), () => null) }, { global: { plugins: [i18n] } })
  const say = (action_name: string, action_params: unknown[]) => words?.sentence(readSteps([{ action_name, action_params }])[0]!, 'macro', { 7: { name: 'bill.txt' } })
  expect(say('assign_agent', ['self'])).toBe('assign whoever runs the macro')
  expect(say('assign_team', ['nil'])).toBe('take the team off')
  expect(say('assign_agent', [3])).toBe('assign 3 (not there any more)')
  expect(say('send_attachment', [7])).toBe('send bill.txt')
  expect(say('send_message', ['x'.repeat(100)])).toBe(`send “${'x'.repeat(79)}…”`)
  expect(say('change_priority', ['urgent'])).toBe('set the priority to Urgent')
})
