import type { Sink } from '../../src/observability/log-output.js';
import { eventuallyFound } from './eventually.js';

export type LogEntry = Readonly<Record<string, unknown>>;

/** The log of a service under test, as `startTestApp({ logTo: log.sink })` writes it. */
export class CapturedLog {
  private written = '';

  readonly sink: Sink = (text, done) => {
    this.written += text;
    done();
  };

  get text(): string {
    return this.written;
  }

  get entries(): LogEntry[] {
    const lines = this.written.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogEntry);
  }

  with(members: LogEntry): LogEntry[] {
    const wanted = Object.entries(members);
    return this.entries.filter((entry) => wanted.every(([name, value]) => entry[name] === value));
  }

  /** The first entry that has these members, as soon as it is there. */
  eventually(members: LogEntry): Promise<LogEntry> {
    return eventuallyFound(`a line with ${JSON.stringify(members)}`, () => this.with(members)[0]);
  }
}
