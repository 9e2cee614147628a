import fc from 'fast-check';
import { inputLines } from './input-lines.js';
import type { InputLine } from './input-lines.js';

const MAX_BYTES = 32;

async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part));
}

async function linesOf(input: AsyncIterable<Uint8Array>, maxBytes = MAX_BYTES): Promise<InputLine[]> {
  const lines: InputLine[] = [];
  for await (const line of inputLines(input, maxBytes)) lines.push(line);
  return lines;
}

const textsOf = async (...parts: readonly (string | Uint8Array)[]): Promise<(string | undefined)[]> =>
  (await linesOf(chunks(...parts))).map((line) => (line.kind === 'text' ? line.text : undefined));

describe('inputLines', () => {
  it.each([
    ['nothing', '', []],
    ['a last line with its end', 'one\ntwo\n', ['one', 'two']],
    ['a last line without it', 'one\ntwo', ['one', 'two']],
    ['CRLF', 'one\r\ntwo\r\n', ['one', 'two']],
    ['a carriage return elsewhere', 'o\rne\r\r\n', ['o\rne\r']],
    ['blank lines', '\n\none\n \n', ['', '', 'one', ' ']],
    ['a byte order mark', '\ufeffone\n\ufefftwo', ['one', '\ufefftwo']],
    ['what is a line end to readers but not to JSON', 'o\u2028n\u0085e', ['o\u2028n\u0085e']],
  ])('cuts %s', async (_, text, lines) => {
    expect(await textsOf(text)).toEqual(lines);
  });

  it('numbers lines from 1, and says which has no end', async () => {
    expect(await linesOf(chunks('one\n\ntwo'))).toEqual([
      { number: 1, ended: true, kind: 'text', text: 'one' },
      { number: 2, ended: true, kind: 'text', text: '' },
      { number: 3, ended: false, kind: 'text', text: 'two' },
    ]);
  });

  it('passes over a line that is too long, and goes on with the next', async () => {
    const long = 'x'.repeat(MAX_BYTES + 1);
    expect(await linesOf(chunks(`${long}\none\n${long}`))).toEqual([
      { number: 1, ended: true, kind: 'too_long' },
      { number: 2, ended: true, kind: 'text', text: 'one' },
      { number: 3, ended: false, kind: 'too_long' },
    ]);
    expect(await textsOf('x'.repeat(MAX_BYTES))).toEqual(['x'.repeat(MAX_BYTES)]);
    expect(await textsOf('\u00e9'.repeat(MAX_BYTES / 2 + 1))).toEqual([undefined]);
  });

  it('passes over what is not UTF-8, without repairing it', async () => {
    const lines = await linesOf(chunks(Buffer.from([0x61, 0xff, 0x0a]), 'one\n', Buffer.from([0xc3])));
    expect(lines.map(({ kind }) => kind)).toEqual(['not_utf8', 'text', 'not_utf8']);
  });

  it('gives the same lines wherever the chunks are cut', async () => {
    const line = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\n', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat({ max: 200 })), async (lines, cuts) => {
        const bytes = Buffer.from(lines.join('\n'));
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(await linesOf(chunks(...parts))).toEqual(await linesOf(chunks(bytes)));
      }),
    );
  });

  it('gives back every line that it is given', async () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((text) => !/[\r\n\ufeff]/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.constantFrom('\n', '\r\n'), async (lines, end) => {
        const read = await linesOf(chunks(lines.map((text) => text + end).join('')), 1_000);
        expect(read.map((each) => each.kind === 'text' && each.text)).toEqual(lines);
      }),
    );
  });

  it('holds no more of a line than it may have, however long that is and in however small parts it comes', async () => {
    const part = Buffer.alloc(1024 * 1024, 'x');
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let megabytes = 0; megabytes < 512; megabytes += 1) yield await Promise.resolve(part);
    }
    const before = process.memoryUsage().arrayBuffers;
    expect(await linesOf(endless())).toEqual([{ number: 1, ended: false, kind: 'too_long' }]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });
});
