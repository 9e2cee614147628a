import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../../crypto/data-keys.js';
import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import { AuditLog } from '../audit-log.js';
import { isAuthentic } from '../event-mac.js';
import { pieceOfEvent, timeOfEvent } from './event-piece.js';
import { GENESIS, NO_MAC, isAuthenticSeal, sealAfter } from './seal-chain.js';
import type { ChainEnd, Member } from './seal-chain.js';
import { insertSeal, readEnd, readEvents, readFrom, readUnsealed, sealedAmong, takeFromQueue } from './seal-rows.js';

const TICK_MS = 400;
const BATCH = 1_000;
/** So many in one go: what is left then waits for the next tick. */
const MAX_BATCHES = 100;
/** An event that waits for longer is worth a word, but not at every tick. */
const LATE_SECONDS = 10;
const TELL_EVERY_SECONDS = 60;
/** How far the clocks of two instances may be apart, and more. */
const SKEW_SECONDS = 10;
/** The key of the lock that a sealer holds while it hangs a seal on the last one: "seal" in ASCII. */
export const SEAL_LOCK = 0x7365616c;

/** What is hung on a seal that this deployment did not make could not be verified any more. */
class ForeignSealError extends Error {
  constructor(number: number) {
    super(`seal ${number} is not one of this deployment: nothing is hung on it until it is taken away`);
    this.name = 'ForeignSealError';
  }
}

/**
 * Hangs the events that were written since on the chain of seals. Every instance looks; who finds some seals them alone, under a lock
 * that no writer of events knows of, so that nothing waits for it.
 */
@Injectable()
export class EventSealer implements OnApplicationBootstrap {
  private readonly logger = new Logger(EventSealer.name);
  private timer: NodeJS.Timeout | undefined;
  private sealing: Promise<number> | undefined;
  /** The end of the chain as this instance saw it last: a shorter one has lost its tail since. */
  private seen: ChainEnd = GENESIS;
  /** The oldest that waits, and since when this instance has seen it wait. */
  private oldest = { id: '', seenAt: new Date(0) };
  private toldLateAt = new Date(0);

  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: DataKeys,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      // Each that joined a run would tell of its failure.
      if (!this.sealing) void this.trySeal();
    }, TICK_MS);
    this.timer.unref();
  }

  /** Seals what is left, and looks no more. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.trySeal();
  }

  /** Seals what waits. Callers at the same time share one run. @returns how many events were sealed here */
  seal(): Promise<number> {
    this.sealing ??= this.sealAll().finally(() => {
      this.sealing = undefined;
    });
    return this.sealing;
  }

  /** The same, but tells a failure to the log alone. */
  async trySeal(): Promise<void> {
    try {
      await this.seal();
    } catch (error) {
      this.logger.warn(`events could not be sealed: ${String(error)}`);
    }
  }

  private async sealAll(): Promise<number> {
    let sealed = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const members = await this.nextMembers();
      if (members.length === 0 || !(await this.hang(members))) break;
      sealed += members.length;
    }
    return sealed;
  }

  /** The oldest that wait, of one month. One that was changed or taken away meanwhile is sealed as it is found: a verification names it. */
  private async nextMembers(): Promise<Member[]> {
    const waiting = await this.readWaiting();
    const [oldest] = waiting;
    if (oldest === undefined) return [];
    const ids = waiting.filter((id) => pieceOfEvent(id) === pieceOfEvent(oldest));
    const key = await this.keys.key('events');
    const events = await readEvents(this.dataSource, ids);
    return ids.map((id) => {
      const event = events.get(id);
      if (!event || !isAuthentic(key, event, event.mac))
        this.logger.error(`Event ${id} was ${event ? 'changed' : 'taken away'} before it was sealed.`);
      return { id, mac: event?.mac ?? NO_MAC };
    });
  }

  /** Since when this instance has seen an event wait for its seal, if it is the oldest that does. */
  seenWaitingSince(id: string): Date | undefined {
    return this.oldest.id === id ? this.oldest.seenAt : undefined;
  }

  /** Without what has its seal already: whoever put that back wants room for an event of their own. */
  private async readWaiting(): Promise<string[]> {
    const waiting = await readUnsealed(this.dataSource, BATCH);
    const [oldest] = waiting;
    if (oldest === undefined) return [];
    const madeSince = addSeconds(timeOfEvent(oldest), -SKEW_SECONDS);
    this.tellLate(oldest);
    const again = await sealedAmong(this.dataSource, waiting, madeSince);
    if (again.size === 0) return waiting;
    // Another instance may have sealed them since they were read: those are not waiting any more.
    const putBack = await takeFromQueue(this.dataSource, [...again]);
    if (putBack.length > 0)
      this.logger.error(`Events were put back into the queue though they are sealed: ${putBack.join(', ')}.`);
    return waiting.filter((id) => !again.has(id));
  }

  /** Whatever holds sealing up, somebody has to hear of it: until its seal an event can be taken away unseen. */
  private tellLate(id: string): void {
    const now = this.clock.now();
    if (this.oldest.id !== id) this.oldest = { id, seenAt: now };
    const isLate = addSeconds(this.oldest.seenAt, LATE_SECONDS) < now;
    if (!isLate || now < addSeconds(this.toldLateAt, TELL_EVERY_SECONDS)) return;
    this.toldLateAt = now;
    this.logger.warn(`Events wait for their seal since ${timeOfEvent(id).toISOString()}.`);
  }

  /** @returns false where another instance is at it, or was faster */
  private async hang(members: readonly Member[]): Promise<boolean> {
    const [first] = members;
    if (!first) return false;
    const making = { key: await this.keys.key('events'), piece: pieceOfEvent(first.id), now: this.clock.now() };
    const faster = new Error('another instance was faster');
    try {
      const { seal, lost } = await this.dataSource.transaction(async (tx) => {
        if (!(await tryLock(tx))) throw faster;
        const last = await readEnd(tx);
        if (last && !isAuthenticSeal(making.key, last)) throw new ForeignSealError(last.number);
        const end = last ?? GENESIS;
        const tailIsMissing = await this.hasLostTail(tx, end);
        const made = sealAfter(end, members, making);
        const ids = members.map(({ id }) => id);
        if ((await takeFromQueue(tx, ids)).length !== ids.length) throw faster;
        await insertSeal(tx, made);
        return { seal: made, lost: tailIsMissing ? { ...this.seen, found: end.number } : undefined };
      });
      this.seen = seal;
      if (lost) await this.tellLostTail(lost);
      return true;
    } catch (error) {
      if (error === faster) return false;
      throw error;
    }
  }

  private async hasLostTail(on: Executor, end: ChainEnd): Promise<boolean> {
    const { number, head } = this.seen;
    if (number === 0) return false;
    const found = number === end.number ? end : await readFrom(on, number);
    // Where the oldest seals have been removed, the next one is found.
    return !found || (found.number === number && !found.head.equals(head));
  }

  /** A restore of an older copy does this too: either way the log says so from now on. */
  private async tellLostTail({ number, head, found }: ChainEnd & { found: number }): Promise<void> {
    this.logger.error(`The event log has lost its tail: seal ${number} was here, and is not in its chain any more.`);
    const details = { seal: number, head: head.toString('hex'), found };
    await this.audit.append({ type: 'audit_tail_missing', at: this.clock.now(), outcome: 'failure', details });
  }
}

async function tryLock(tx: Executor): Promise<boolean> {
  const locked = await row<{ held: boolean }>(tx, 'SELECT pg_try_advisory_xact_lock($1) AS held', [SEAL_LOCK]);
  return locked?.held ?? false;
}
