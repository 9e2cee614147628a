/** An event of a stream (HTML Living Standard §9.2.6). */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** The id that stands with this very event. */
  readonly id?: string;
}

/** Of a line, and of the data of one event: those of the feed take some 200 characters. */
const MAX_LENGTH = 16_384;
const LINE_END = /\r\n|\n|\r/g;

/** Reads server-sent events piece by piece, and keeps no more than one that is unfinished. */
export class EventStream {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private rest = '';
  private event = '';
  private data: string[] = [];
  private dataLength = 0;
  private id: string | undefined;
  private retry: number | undefined;

  /** After how many milliseconds the server wants its reader back, as it said last. */
  get retryMs(): number | undefined {
    return this.retry;
  }

  /** @throws Error where something is too long, or no UTF-8 */
  push(chunk: Uint8Array): StreamEvent[] {
    const text = this.rest + this.decoder.decode(chunk, { stream: true });
    const events: StreamEvent[] = [];
    let from = 0;
    for (const { 0: ending, index } of text.matchAll(LINE_END)) {
      // The other half of a line's end may come with the next piece.
      if (ending === '\r' && index === text.length - 1) break;
      const event = this.takeLine(text.slice(from, index));
      if (event) events.push(event);
      from = index + ending.length;
    }
    this.rest = text.slice(from);
    if (this.rest.length > MAX_LENGTH) throw new Error('a line of the stream is too long');
    return events;
  }

  private takeLine(line: string): StreamEvent | undefined {
    if (line === '') return this.finish();
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.event = value;
    else if (name === 'data') this.takeData(value);
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.retry = Number(value);
    return undefined;
  }

  private takeData(value: string): void {
    this.dataLength += value.length;
    if (this.dataLength > MAX_LENGTH) throw new Error('an event of the stream is too long');
    this.data.push(value);
  }

  /** An event without data is none. */
  private finish(): StreamEvent | undefined {
    const { event, data, id } = this;
    this.event = '';
    this.data = [];
    this.dataLength = 0;
    this.id = undefined;
    if (data.length === 0) return undefined;
    return { event: event === '' ? 'message' : event, data: data.join('\n'), ...(id !== undefined && { id }) };
  }
}
