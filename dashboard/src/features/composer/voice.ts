import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { Inbox } from '@/data/directory'
import { isWhatsApp } from './channel'

interface Format {
  mime: string
  ending: string
}

const ogg: Format = { mime: 'audio/ogg;codecs=opus', ending: 'ogg' }
const aac: Format = { mime: 'audio/mp4;codecs=mp4a.40.2', ending: 'm4a' }
const mp4: Format = { mime: 'audio/mp4', ending: 'm4a' }
const webm: Format = { mime: 'audio/webm;codecs=opus', ending: 'webm' }

/** In what a browser can record for a channel: WhatsApp plays no WebM; null where nothing fits. */
export function formatFor(inbox: Inbox | undefined, supported: (mime: string) => boolean): Format | null {
  const wanted = inbox && isWhatsApp(inbox) ? [ogg, aac] : [ogg, aac, mp4, webm]
  return wanted.find((f) => supported(f.mime)) ?? null
}

/** Browsers record only on pages of https, and of this device. */
export const canRecord = () => typeof MediaRecorder !== 'undefined' && navigator.mediaDevices?.getUserMedia !== undefined

export interface Voice {
  state: Ref<'idle' | 'recording' | 'recorded' | 'refused'>
  seconds: Ref<number>
  file: ShallowRef<File | null>
  start: (format: Format) => Promise<void>
  stop: () => void
  discard: () => void
}

export function useVoice(): Voice {
  const state = ref<'idle' | 'recording' | 'recorded' | 'refused'>('idle')
  const seconds = ref(0)
  const file = shallowRef<File | null>(null)
  let recorder: MediaRecorder | null = null
  let timer: ReturnType<typeof setInterval> | undefined
  let gone = false

  function release(): void {
    clearInterval(timer)
    for (const track of recorder?.stream.getTracks() ?? []) track.stop()
    recorder = null
  }

  async function start(format: Format): Promise<void> {
    file.value = null
    seconds.value = 0
    let stream: MediaStream
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true })
    } catch {
      state.value = 'refused'
      return
    }
    if (gone) {
      // Left before the microphone was there.
      for (const track of stream.getTracks()) track.stop()
      return
    }
    const chunks: Blob[] = []
    const mine = (recorder = new MediaRecorder(stream, { mimeType: format.mime, audioBitsPerSecond: 32_000 }))
    mine.ondataavailable = (e) => chunks.push(e.data)
    mine.onstop = () => {
      if (recorder !== mine) return
      release()
      const type = format.mime.split(';')[0] ?? format.mime
      file.value = new File(chunks, `voice-message.${format.ending}`, { type })
      state.value = 'recorded'
    }
    mine.start()
    state.value = 'recording'
    timer = setInterval(() => seconds.value++, 1000)
  }

  function stop(): void {
    clearInterval(timer)
    recorder?.stop()
  }

  function discard(): void {
    release()
    file.value = null
    state.value = 'idle'
  }

  onScopeDispose(() => {
    gone = true
    release()
  })
  return { state, seconds, file, start, stop, discard }
}
