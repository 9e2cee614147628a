/** A line of the input without its end. */
export type InputLine = LinePlace &
  /** Nothing is kept of what cannot be read. */
  ({ readonly kind: 'text'; readonly text: string } | { readonly kind: 'too_long' | 'not_utf8' });

interface LinePlace {
  /** Counted from 1. */
  readonly number: number;
  /** False for the last one where no line break follows it. */
  readonly ended: boolean;
}

const LINE_FEED = 0x0a;

/**
 * Cuts UTF-8 into lines in constant memory: readline would hold a line of any length. Ends are LF or CRLF, the last line
 * needs none, and a byte order mark before the first is dropped.
 * @param maxBytes of one line, without its LF
 */
export async function* inputLines(input: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<InputLine> {
  const line = new LineBuffer(maxBytes);
  let number = 0;
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      line.add(chunk.subarray(start, end));
      yield line.take({ number: ++number, ended: true });
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  if (!line.isEmpty) yield line.take({ number: number + 1, ended: false });
}

/** Copies what it is given: parts of chunks would keep whole chunks alive, as many as bytes come one by one. */
class LineBuffer {
  private readonly bytes: Uint8Array;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private length = 0;

  constructor(private readonly maxBytes: number) {
    this.bytes = new Uint8Array(maxBytes);
  }

  get isEmpty(): boolean {
    return this.length === 0;
  }

  add(part: Uint8Array): void {
    if (this.length + part.length <= this.maxBytes) this.bytes.set(part, this.length);
    this.length += part.length;
  }

  /** Empties it. */
  take(place: LinePlace): InputLine {
    const { length } = this;
    this.length = 0;
    if (length > this.maxBytes) return { ...place, kind: 'too_long' };
    const text = this.decode(length);
    if (text === undefined) return { ...place, kind: 'not_utf8' };
    const unmarked = place.number === 1 ? text.replace(/^\ufeff/, '') : text;
    return { ...place, kind: 'text', text: unmarked.replace(/\r$/, '') };
  }

  private decode(length: number): string | undefined {
    try {
      return this.decoder.decode(this.bytes.subarray(0, length));
    } catch {
      return undefined;
    }
  }
}
