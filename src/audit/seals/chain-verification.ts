import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../../crypto/data-keys.js';
import type { Checkpoint } from './checkpoint.js';
import { readFrom } from './seal-rows.js';
import { newestRemoval, verifyChain } from './verification.js';
import type { Verified } from './verification.js';

/** Verifies the whole of the event log. */
@Injectable()
export class ChainVerification {
  private running: Promise<Verified> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: DataKeys,
  ) {}

  /** Callers at the same time share one run: it reads all that there is. */
  verify(): Promise<Verified> {
    this.running ??= this.walk().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Tells whether the chain still has what a checkpoint saw of it, or says itself that it was removed for its age. */
  async holds({ seals, head }: Checkpoint): Promise<boolean> {
    if (seals === 0) return true;
    const found = await readFrom(this.dataSource, seals);
    if (found?.number === seals) return found.head.toString('hex') === head;
    const removal = await newestRemoval(this.dataSource, await this.keys.existing('events'));
    return removal !== undefined && seals < removal.anchor;
  }

  private async walk(): Promise<Verified> {
    const key = await this.keys.existing('events');
    const removal = await newestRemoval(this.dataSource, key);
    const verified = await verifyChain(this.dataSource, key, removal);
    if (!verified.firstBroken) return verified;
    // A month may have been removed while the chain was read: then it is read again.
    const since = await newestRemoval(this.dataSource, key);
    return since?.anchor === removal?.anchor ? verified : verifyChain(this.dataSource, key, since);
  }
}
