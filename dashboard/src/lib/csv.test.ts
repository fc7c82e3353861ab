import { expect, test } from 'vitest'
import { decodeText, readCSV, writeCSV } from './csv'

test('tables are read with quotes, line ends and signs as people have them', () => {
  expect(readCSV('\uFEFFname,email\r\n"Berg, Ana",a@x.org\r\n\r\n"say ""hi""","two\nlines"')).toEqual([
    ['name', 'email'],
    ['Berg, Ana', 'a@x.org'],
    ['say "hi"', 'two\nlines'],
  ])
  expect(readCSV('a;b\n1,5;2')).toEqual([['a', 'b'], ['1,5', '2']])
  expect(readCSV('a\tb\n1\t2\n')).toEqual([['a', 'b'], ['1', '2']])
  expect(readCSV('')).toEqual([])
  expect(readCSV('a,b\n"open,1')).toBeNull()
})

test('what is written is read as it was', () => {
  const rows = [['a', 'b,c'], ['"q"', 'x\ny'], ['', ' z ']]
  expect(readCSV(writeCSV(rows))).toEqual(rows)
})

test('a file that is not UTF-8 is read as older spreadsheets write', () => {
  expect(decodeText(new TextEncoder().encode('Zoë').buffer as ArrayBuffer)).toBe('Zoë')
  expect(decodeText(new Uint8Array([0x5a, 0x6f, 0xeb]).buffer)).toBe('Zoë')
})
