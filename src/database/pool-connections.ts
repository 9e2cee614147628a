import { BoundedClient } from './bounded-client.js';

/** The connections of a pool, to be let go of where their server does not answer. */
export class PoolConnections {
  private readonly open = new Set<BoundedClient>();
  /** Those that waited at the last look, and how far each had come. */
  private waiting: ReadonlyMap<BoundedClient, number> = new Map();
  private areCut = false;

  /** What the pool is to make its connections of. */
  clientClass(): typeof BoundedClient {
    const add = (client: BoundedClient): void => {
      this.add(client);
    };
    return class extends BoundedClient {
      constructor(...config: ConstructorParameters<typeof BoundedClient>) {
        super(...config);
        add(this);
      }
    };
  }

  /** @returns how many wait for the same answer as at the last look */
  look(): number {
    const waiting = [...this.open].filter((client) => client.isWaiting);
    const stuck = waiting.filter((client) => this.waiting.get(client) === client.progress);
    this.waiting = new Map(waiting.map((client) => [client, client.progress]));
    return stuck.length;
  }

  /** Ends them all, and each that is begun from now on: whoever waits for one, or for its answer, fails at once. */
  cut(): void {
    this.areCut = true;
    for (const client of this.open) client.cut();
  }

  private add(client: BoundedClient): void {
    this.open.add(client);
    client.once('end', () => this.open.delete(client));
    // Not before it has begun to connect, which would undo it.
    if (this.areCut)
      setImmediate(() => {
        client.cut();
      });
  }
}
