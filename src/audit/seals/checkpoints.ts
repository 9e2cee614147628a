import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../../crypto/data-keys.js';
import { Clock } from '../../shared/clock.js';
import { checkpointOf } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { GENESIS } from './seal-chain.js';
import { readEnd } from './seal-rows.js';

const EVERY_MS = 60_000;

/** Tells the log output where the chain of seals ends, each minute in which it has grown. */
@Injectable()
export class Checkpoints implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('EventLog');
  private timer: NodeJS.Timeout | undefined;
  private told = GENESIS.head.toString('hex');

  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: DataKeys,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tryTell(), EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async take(): Promise<Checkpoint> {
    const end = (await readEnd(this.dataSource)) ?? GENESIS;
    return checkpointOf(await this.keys.key('events'), end, this.clock.now());
  }

  /** Takes one and, where the chain has grown since the last one, writes it to the log. */
  async tell(): Promise<Checkpoint> {
    const checkpoint = await this.take();
    if (checkpoint.head !== this.told) this.logger.log(`Checkpoint ${JSON.stringify(checkpoint)}`);
    this.told = checkpoint.head;
    return checkpoint;
  }

  private async tryTell(): Promise<void> {
    try {
      await this.tell();
    } catch (error) {
      this.logger.warn(`no checkpoint of the event log could be taken: ${String(error)}`);
    }
  }
}
