import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
const LONGEST_STOP_MS = 1_000;
/** `LISTEN` does next to nothing. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** Longer than the server's own limit, which leaves the connection whole. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface ListenOptions {
  readonly url: string;
  /** A plain identifier of ours. */
  readonly channel: string;
  /** Called for each notification, and after each connection: whatever was sent in between was missed. */
  readonly onWake: () => void;
}

/**
 * Keeps one connection of its own that listens on a channel, and connects again when it is lost. A notification is only a
 * hint: whoever relies on it must also look from time to time.
 */
export class PostgresListener {
  private readonly logger = new Logger(PostgresListener.name);
  private client: Client | undefined;
  private running: Promise<void> | undefined;
  /** Aborted when it is to stop. */
  private readonly stopping = new AbortController();

  constructor(private readonly options: ListenOptions) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    const ended = (async () => {
      await this.client?.end().catch(() => undefined);
      await this.running;
    })();
    // A server that does not answer any more does not end the connection either.
    await Promise.race([ended, delay(LONGEST_STOP_MS, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; !this.isStopping(); waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        await this.listenUntilLost(() => (waitMs = FIRST_WAIT_MS));
      } catch (error) {
        if (!this.isStopping()) this.logger.warn(`not listening on ${this.options.channel}: ${String(error)}`);
      }
      await delay(waitMs, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async listenUntilLost(onConnected: () => void): Promise<void> {
    const { url, channel, onWake } = this.options;
    const client = new Client({
      connectionString: url,
      application_name: 'gatehouse',
      keepAlive: true,
      connectionTimeoutMillis: LONGEST_WAIT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    });
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      // Followed by `end`; without a listener it would end the process.
      client.on('error', () => undefined);
    });
    this.client = client;
    try {
      // Ended while it connects, `connect` would never settle.
      await Promise.race([client.connect(), lost]);
      if (this.stopping.signal.aborted) return;
      client.on('notification', onWake);
      await client.query(`LISTEN ${channel}`);
      onConnected();
      onWake();
      await lost;
    } finally {
      this.client = undefined;
      await client.end().catch(() => undefined);
    }
  }
}
