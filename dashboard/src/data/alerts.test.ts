import { expect, test } from 'vitest'
import { rings } from './alerts'

test('nothing rings that one looks at or did not ask for', () => {
  const away = { mine: true, inView: false, inFront: false }
  expect(rings(away, { sounds: 'none', soundAlways: true })).toBe(false)
  expect(rings(away, { sounds: 'mine', soundAlways: false })).toBe(true)
  expect(rings({ ...away, mine: false }, { sounds: 'mine', soundAlways: false })).toBe(false)
  expect(rings({ ...away, mine: false }, { sounds: 'all', soundAlways: false })).toBe(true)
  expect(rings({ ...away, inFront: true }, { sounds: 'all', soundAlways: false })).toBe(false)
  expect(rings({ ...away, inFront: true }, { sounds: 'all', soundAlways: true })).toBe(true)
  expect(rings({ mine: true, inFront: true, inView: true }, { sounds: 'all', soundAlways: true })).toBe(false)
})
