import { LogOutput } from './log-output.js';
import type { Sink } from './log-output.js';

/** Takes pieces when it is told to. */
class Reader {
  readonly taken: string[] = [];
  private done: ((error?: Error | null) => void) | undefined;

  readonly sink: Sink = (text, done) => {
    expect(this.done).toBeUndefined();
    this.taken.push(text);
    this.done = done;
  };

  get isAsked(): boolean {
    return this.done !== undefined;
  }

  take(error?: Error): void {
    const { done } = this;
    this.done = undefined;
    done?.(error);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the output of the log', () => {
  let reader: Reader;
  let output: LogOutput;
  let lost: number;
  let told: number[];

  beforeEach(() => {
    reader = new Reader();
    output = new LogOutput(reader.sink, 100);
    lost = 0;
    told = [];
    output.watch(
      (lines) => (lost += lines),
      (lines) => {
        told.push(lines);
        output.write(`${lines} lost\n`);
      },
    );
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('writes what one turn of the event loop brings in one piece, in order', async () => {
    output.write('a\n');
    output.write('b\n');
    expect(reader.taken).toEqual([]);
    await turn();
    expect(reader.taken).toEqual(['a\nb\n']);
  });

  it('has one piece under way, and gathers the next meanwhile', async () => {
    output.write('a\n');
    await turn();
    output.write('b\n');
    output.write('c\n');
    await turn();
    expect(reader.taken).toEqual(['a\n']);
    reader.take();
    expect(reader.taken).toEqual(['a\n', 'b\nc\n']);
  });

  it('keeps no more than its bound, counts what it drops, and says so when there is room again', async () => {
    const line = `${'x'.repeat(29)}\n`;
    for (let count = 0; count < 10; count += 1) output.write(line);
    expect([lost, told]).toEqual([7, []]);
    await turn();
    expect(reader.taken).toEqual([line.repeat(3)]);
    reader.take();
    expect(told).toEqual([7]);
    output.write('after\n');
    reader.take();
    expect(reader.taken.slice(1)).toEqual(['7 lost\n', 'after\n']);
  });

  it('tells losses in one piece: it takes nothing until half of its bound is free', async () => {
    output.write(`${'x'.repeat(59)}\n`);
    await turn();
    output.write(`${'y'.repeat(50)}\n`);
    output.write('short\n');
    expect(lost).toBe(2);
    reader.take();
    expect(told).toEqual([2]);
  });

  it('drops what a broken reader would have had, leaves it alone for a second, and goes on then', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    output.write('a\n');
    await turn();
    output.write('b\n');
    reader.take(new Error('EPIPE'));
    expect([lost, reader.isAsked]).toEqual([2, false]);
    output.write('c\n');
    await turn();
    expect([lost, reader.taken]).toEqual([3, ['a\n']]);
    now.mockReturnValue(2_001);
    output.write('d\n');
    await turn();
    expect(reader.taken).toEqual(['a\n', '3 lost\nd\n']);
  });

  it('is flushed when all is written', async () => {
    let flushed = false;
    output.write('a\n');
    const flush = output.flush().then(() => (flushed = true));
    expect(reader.taken).toEqual(['a\n']);
    output.write('b\n');
    reader.take();
    await turn();
    expect([reader.taken, flushed]).toEqual([['a\n', 'b\n'], false]);
    reader.take();
    await flush;
    await output.flush();
  });

  it('is flushed in bounded time, whatever the reader does', async () => {
    output.write('a\n');
    await output.flush(1);
    expect(reader.isAsked).toBe(true);
  });

  it('hands a piece on within the turn where it is told to', () => {
    output.write('fatal\n');
    output.flushSync();
    expect(reader.taken).toEqual(['fatal\n']);
  });
});
