export const tones = ['ding', 'bell', 'chime'] as const
export type Tone = (typeof tones)[number]

// Made here: no file is loaded, and nobody's recording is needed. Pairs of pitch and begin.
const notes: Readonly<Record<Tone, readonly [hertz: number, at: number][]>> = {
  ding: [[1318.5, 0]],
  bell: [[880, 0], [1760, 0.02], [880, 0.25]],
  chime: [[783.99, 0], [1046.5, 0.12], [1318.5, 0.24]],
}

let context: AudioContext | undefined

/** Plays a tone; silently does nothing where the browser does not let it. */
export async function playTone(tone: Tone): Promise<void> {
  if (!('AudioContext' in window)) return
  context ??= new AudioContext()
  // A page that nobody touched yet may not be heard.
  if (context.state === 'suspended') await Promise.race([context.resume(), new Promise((r) => setTimeout(r, 200))])
  if (context.state !== 'running') return
  for (const [hertz, at] of notes[tone]) {
    const start = context.currentTime + at
    const sound = new OscillatorNode(context, { frequency: hertz })
    const volume = new GainNode(context, { gain: 0.0001 })
    volume.gain.exponentialRampToValueAtTime(0.25, start + 0.01)
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.6)
    sound.connect(volume).connect(context.destination)
    sound.start(start)
    sound.stop(start + 0.65)
  }
}
