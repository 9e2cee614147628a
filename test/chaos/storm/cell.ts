const UNDER_WAY_MS = 20_000;

interface Write<Value> {
  readonly value: Value;
  readonly sentMs: number;
  acknowledgedMs: number;
}

/**
 * Something that one writer at a time changes. What it must hold in the end is what was acknowledged last; or what was sent
 * after that, or shortly before, and not answered: such a request may have been served, and even after the later one.
 */
export class Cell<Value> {
  private readonly writes: Write<Value>[];

  constructor(
    readonly what: string,
    initial: Value,
  ) {
    this.writes = [{ value: initial, sentMs: -Infinity, acknowledgedMs: -Infinity }];
  }

  /** @returns how to say that it was acknowledged */
  write(value: Value): () => void {
    const write = { value, sentMs: performance.now(), acknowledgedMs: Infinity };
    this.writes.push(write);
    return () => {
      write.acknowledgedMs = performance.now();
    };
  }

  get allowed(): Value[] {
    const now = performance.now();
    return this.values.filter((value) => this.mayHold(value, now, now));
  }

  /** Whether it may have held a value at some moment between two. */
  mayHold(value: Value, fromMs: number, toMs: number): boolean {
    return this.writes.some(
      (write) =>
        write.value === value && write.sentMs <= toMs && !this.writes.some((later) => isOver(write, later, fromMs)),
    );
  }

  /** How often a value was sent, and whether it was ever acknowledged. */
  countOf(value: Value): { readonly sent: number; readonly isAcknowledged: boolean } {
    const found = this.writes.filter((write) => write.value === value);
    return { sent: found.length, isAcknowledged: found.some(({ acknowledgedMs }) => acknowledgedMs < Infinity) };
  }

  get values(): Value[] {
    return [...new Set(this.writes.map(({ value }) => value))];
  }
}

/** Whether a later write had surely taken the place of one by then. */
function isOver<Value>(write: Write<Value>, later: Write<Value>, atMs: number): boolean {
  if (later.sentMs <= write.sentMs || later.acknowledgedMs >= atMs) return false;
  return write.acknowledgedMs < Infinity || write.sentMs + UNDER_WAY_MS < later.sentMs;
}
