import { fstatSync, write, writeSync } from 'node:fs';

/** Takes text and says when it is gone, or that it is lost. It has one piece at a time. */
export type Sink = (text: string, done: (error?: Error | null) => void) => void;

/** UTF-16 units; some six thousand lines. */
const MAX_WAITING = 2 * 1024 * 1024;
/** After an error, such as of a reader that is gone or a disk that is full, nothing is tried for so long. */
const REST_AFTER_ERROR_MS = 1_000;
const FLUSH_WITHIN_MS = 1_000;
/** How long a file system that would block is left alone before it is asked again. */
const BUSY_WAIT_MS = 20;
const STDOUT = 1;

interface Piece {
  text: string;
  lines: number;
}

const nothing = (): Piece => ({ text: '', lines: 0 });

/**
 * Writes lines of log without ever waiting for whoever takes them: what a slow reader or disk leaves behind is kept up to
 * a bound, and what comes beyond it is dropped and counted. Nothing that goes wrong here is an error to the service.
 */
export class LogOutput {
  private gathered = nothing();
  private underWay = nothing();
  private isWriting = false;
  private isPlanned = false;
  /** From the first line that is dropped until half of what waits is gone, so that losses come in one piece. */
  private isFull = false;
  private restsUntilMs = 0;
  private lost = 0;
  private idle: (() => void)[] = [];
  private onLoss: (lines: number) => void = () => undefined;
  private onRoom: (lost: number) => void = () => undefined;

  constructor(
    private readonly sink: Sink,
    private readonly maxWaiting = MAX_WAITING,
  ) {}

  /** Takes a whole line, with its line break. Lines of one turn of the event loop are written together. */
  write(line: string): void {
    if (this.isFull || this.waiting + line.length > this.maxWaiting || performance.now() < this.restsUntilMs) {
      this.isFull ||= this.waiting > 0;
      this.lose(1);
      return;
    }
    this.tellOfLoss();
    this.gathered.text += line;
    this.gathered.lines += 1;
    if (this.isPlanned || this.isWriting) return;
    this.isPlanned = true;
    setImmediate(() => {
      this.isPlanned = false;
      this.writeOn();
    });
  }

  /** Called with each number of lines that are lost, and with all of them once lines are taken again. */
  watch(onLoss: (lines: number) => void, onRoom: (lost: number) => void): void {
    this.onLoss = onLoss;
    this.onRoom = onRoom;
  }

  /** Resolves when everything is written, or after a second. */
  async flush(withinMs = FLUSH_WITHIN_MS): Promise<void> {
    this.writeOn();
    if (!this.isWriting) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Hands on what has been gathered, without waiting for the end of this turn. */
  flushSync(): void {
    this.writeOn();
  }

  /** What can still be written while the process exits. */
  writeLast(): void {
    if (this.isWriting || this.gathered.text === '') return;
    try {
      writeSync(STDOUT, this.gathered.text);
    } catch {
      // A reader that is gone or does not read.
    }
    this.gathered = nothing();
  }

  private get waiting(): number {
    return this.gathered.text.length + this.underWay.text.length;
  }

  private writeOn(): void {
    if (this.isWriting || this.gathered.text === '') return;
    this.isWriting = true;
    this.underWay = this.gathered;
    this.gathered = nothing();
    this.sink(this.underWay.text, (error) => {
      this.written(error ?? undefined);
    });
  }

  private written(error: Error | undefined): void {
    const { lines } = this.underWay;
    this.isWriting = false;
    this.underWay = nothing();
    if (error) {
      this.restsUntilMs = performance.now() + REST_AFTER_ERROR_MS;
      this.lose(lines + this.gathered.lines);
      this.gathered = nothing();
    }
    if (this.waiting <= this.maxWaiting / 2) this.isFull = false;
    if (!error && !this.isFull) this.tellOfLoss();
    this.writeOn();
    if (this.waiting === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  private lose(lines: number): void {
    this.lost += lines;
    this.onLoss(lines);
  }

  private tellOfLoss(): void {
    if (this.lost === 0) return;
    const { lost } = this;
    // First: telling writes a line.
    this.lost = 0;
    this.onRoom(lost);
  }
}

/** The standard output as Node writes it: to pipes and sockets without waiting, but to files with. */
export const standardOutput: Sink = (text, done) => {
  process.stdout.write(text, done);
};

/** A file, written by another thread. */
const fileOutput =
  (descriptor: number): Sink =>
  (text, done) => {
    writeAll(descriptor, Buffer.from(text), done);
  };

function writeAll(descriptor: number, bytes: Buffer, done: (error?: Error | null) => void): void {
  write(descriptor, bytes, 0, bytes.length, null, (error, count) => {
    if (error?.code === 'EAGAIN') setTimeout(writeAll, BUSY_WAIT_MS, descriptor, bytes, done).unref();
    else if (error) done(error);
    else if (count < bytes.length) writeAll(descriptor, bytes.subarray(count), done);
    else done();
  });
}

/** The log output of this process: nothing about it blocks or ends the service, wherever its standard output goes. */
export function openLogOutput(): LogOutput {
  // A reader that is gone would end the process. Its error is told with the piece that it meant.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const output = new LogOutput(fstatSync(STDOUT).isFile() ? fileOutput(STDOUT) : standardOutput);
  process.once('exit', () => {
    output.writeLast();
  });
  return output;
}
