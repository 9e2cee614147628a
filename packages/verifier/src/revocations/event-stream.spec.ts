import fc from 'fast-check';
import { EventStream } from './event-stream.js';
import type { StreamEvent } from './event-stream.js';

const read = (stream: EventStream, ...pieces: (string | Uint8Array)[]): StreamEvent[] =>
  pieces.flatMap((piece) => stream.push(typeof piece === 'string' ? Buffer.from(piece) : piece));

describe('a stream of events', () => {
  it('tells each with its data and its own id, and how soon the server wants its reader back', () => {
    const stream = new EventStream();
    const text =
      ': hello\nretry: 1000\n\nevent: ready\nid: a.1\ndata: {}\n\nevent:current\ndata:x\ndata: y\n\ndata: z\n\n';
    expect(read(stream, text)).toEqual([
      { event: 'ready', data: '{}', id: 'a.1' },
      { event: 'current', data: 'x\ny' },
      { event: 'message', data: 'z' },
    ]);
    expect(stream.retryMs).toBe(1000);
  });

  it('tells the same however the bytes are cut, whichever way lines end', () => {
    const text = 'event: revocation\nid: 1\ndata: {"subject":"ÄÖ"}\n\nevent: current\ndata: {}\n\n';
    const whole = read(new EventStream(), text);
    const ending = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(fc.array(fc.nat(120), { maxLength: 8 }), ending, (cuts, end) => {
        const bytes = Buffer.from(text.replaceAll('\n', end));
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
        const pieces = at.slice(1).map((to, index) => bytes.subarray(at[index], to));
        // A lone CR at the very end may be half of an end: the next piece tells.
        const told = read(new EventStream(), ...pieces, ':\n');
        expect(told).toEqual(whole);
      }),
    );
  });

  it('keeps no line and no event without a bound, and takes nothing that is not UTF-8', () => {
    expect(() => read(new EventStream(), 'data: ', ...Array.from({ length: 20 }, () => 'x'.repeat(1_000)))).toThrow(
      'long',
    );
    expect(() => read(new EventStream(), `data: ${'x'.repeat(900)}\n`.repeat(20))).toThrow('long');
    expect(() => read(new EventStream(), new Uint8Array([0xff, 0x0a]))).toThrow();
  });
});
