import { MIX } from './mix.js';
import type { Cast, Kind } from './mix.js';
import type { Person } from './people.js';

const MOST_FAULTS = 20;

/** Sends the mix, so many requests at once, and looks at each answer. */
export class Traffic {
  private readonly counts = new Map<Kind, number>();
  private readonly free: Person[];
  /** What was answered otherwise than expected. */
  readonly faults: string[] = [];
  /** Spent sending. */
  seconds = 0;

  constructor(
    private readonly cast: Cast,
    private readonly concurrency: number,
  ) {
    this.free = [...cast.others];
  }

  /** Resolves when they are all answered. */
  async send(requests: number): Promise<void> {
    const began = performance.now();
    let left = requests;
    const sendInTurn = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await this.sendOne();
      }
    };
    await Promise.all(Array.from({ length: this.concurrency }, sendInTurn));
    this.seconds += (performance.now() - began) / 1000;
  }

  /** How often each kind was sent. */
  get tally(): readonly (readonly [string, number])[] {
    return [...this.counts].map(([{ name }, count]) => [name, count]);
  }

  private async sendOne(): Promise<void> {
    const kind = this.someKind();
    const person = this.free.splice(this.cast.chance.between(0, this.free.length - 1), 1)[0];
    if (!person) throw new Error('there are fewer people than requests at once');
    try {
      const { status, text } = await kind.run(this.cast, person);
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      if (status !== kind.expected) this.note(`${kind.name}: ${status} ${text.slice(0, 200)}`);
    } catch (error) {
      this.note(`${kind.name}: ${String(error)}`);
    } finally {
      this.free.push(person);
    }
  }

  private someKind(): Kind {
    const total = MIX.reduce((sum, { weight }) => sum + weight, 0);
    let at = this.cast.chance.next() * total;
    const kind = MIX.find(({ weight }) => (at -= weight) < 0);
    return kind ?? this.someKind();
  }

  private note(fault: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(fault);
  }
}
