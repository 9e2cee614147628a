import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { PostgresListener } from '../../database/postgres-listener.js';

const CHANNEL = 'gatehouse_revocations';
/** Revocations that follow one another this closely share a notification. */
const DEBOUNCE_MS = 5;

/** Wakes the other instances when something was revoked. Only a hint: each of them polls as well. */
export abstract class RevocationSignal {
  /** Tells the others; never waits, never fails. */
  abstract send(): void;
  abstract follow(onSignal: () => void): void;
}

/**
 * `NOTIFY`, sent after the transaction of the change and outside of it: a commit with a notification takes a lock that all
 * such commits of the database share.
 */
@Injectable()
export class NotifySignal extends RevocationSignal implements OnApplicationShutdown {
  private listener: PostgresListener | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
  ) {
    super();
  }

  send(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      // The others poll: a notification that fails is only late.
      this.dataSource.query('SELECT pg_notify($1, $2)', [CHANNEL, '']).catch(() => undefined);
    }, DEBOUNCE_MS);
  }

  follow(onSignal: () => void): void {
    this.listener = new PostgresListener({
      url: this.config.database.url.reveal(),
      channel: CHANNEL,
      onWake: onSignal,
    });
    this.listener.start();
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.listener?.stop();
  }
}

/** Behind a pooler that shares connections by the transaction, nobody can listen: polling alone has to do. */
@Injectable()
export class NoSignal extends RevocationSignal {
  send(): void {
    // Nobody listens.
  }

  follow(): void {
    // Nothing is ever sent.
  }
}
