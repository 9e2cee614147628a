import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { row } from '../../database/sql.js';
import { Metrics } from '../../observability/metrics.js';
import { ServiceClients } from '../../security/clients/service-clients.js';
import { Clock, epochSeconds } from '../../shared/clock.js';
import { formatPosition, resumeFrom } from './feed-position.js';
import { RevocationFeed } from './revocation-feed.js';
import { RevocationStream } from './revocation-stream.js';

const TICK_MS = 1_000;
const MAX_STREAMS_PER_CLIENT = 10;
/** Readers of an instance that stops come back to the others spread over this time; they may know nothing new for 5 s. */
const RETURN_WITHIN_MS = 2_000;

/** The streams by which remote verifiers are as current as this instance is. */
@Injectable()
export class RevocationStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(RevocationStreams.name);
  private readonly streams = new Map<RevocationStream, string>();
  private deploymentId = '';
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: RevocationFeed,
    private readonly clients: ServiceClients,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const deployment = await row<{ id: string }>(this.dataSource, 'SELECT id FROM deployment');
    this.deploymentId = deployment?.id ?? '';
    const open = 'Streams of revocations that are open on this instance.';
    this.metrics.measure('gatehouse_revocation_streams_open', open, () => this.streams.size);
    this.timer = setInterval(() => void this.tick(), TICK_MS);
    this.timer.unref();
  }

  /** Before the listener waits for its connections: these would never end by themselves. */
  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    this.stopping = true;
    for (const stream of this.streams.keys()) stream.end(returnAfterMs());
  }

  /** Tells whether a client may open another stream on this instance: not an eleventh. */
  hasRoom(clientId: string): boolean {
    return [...this.streams.values()].filter((id) => id === clientId).length < MAX_STREAMS_PER_CLIENT;
  }

  /**
   * Sends the live rows, then `ready`, then what comes.
   * @param after the place to go on from; from an unknown one everything is sent again, after `reset`
   */
  async open(response: ServerResponse, clientId: string, after: string | undefined): Promise<void> {
    const stream = new RevocationStream(response);
    if (this.stopping) {
      stream.end(returnAfterMs());
      return;
    }
    this.streams.set(stream, clientId);
    const unsubscribe = this.feed.subscribe((entries, xid) => {
      stream.tell(entries, this.idOf(xid));
    });
    response.once('close', () => {
      unsubscribe();
      this.streams.delete(stream);
    });
    try {
      const from = after === undefined ? undefined : resumeFrom(after, this.here(this.feed.position));
      const { position, entries } = await this.feed.entriesSince(from ?? '0');
      await stream.begin(entries, { reset: after !== undefined && from === undefined, id: this.idOf(position) });
    } catch (error) {
      this.logger.warn(`a stream of revocations could not begin: ${String(error)}`);
      response.destroy();
    }
  }

  /** Only while this instance is itself current; and closes the streams of clients that are gone. */
  private async tick(): Promise<void> {
    if (this.streams.size === 0) return;
    if (this.feed.isCurrent()) {
      const id = this.idOf(this.feed.position);
      for (const stream of this.streams.keys()) stream.current(id);
    }
    try {
      await this.closeOrphans();
    } catch (error) {
      this.logger.warn(`the clients of open streams could not be read: ${String(error)}`);
    }
  }

  private async closeOrphans(): Promise<void> {
    const alive = await this.clients.existing([...new Set(this.streams.values())]);
    for (const [stream, clientId] of this.streams) if (!alive.has(clientId)) stream.end();
  }

  private idOf(xid: string): string {
    return formatPosition(this.here(xid));
  }

  private here(xid: string): { deploymentId: string; xid: string; atSeconds: number } {
    return { deploymentId: this.deploymentId, xid, atSeconds: epochSeconds(this.clock.now()) };
  }
}

const returnAfterMs = (): number => randomInt(RETURN_WITHIN_MS);
