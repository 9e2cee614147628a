import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { connectionFailure } from './database/connection-failure.js';
import type { WaitingRoom } from './waiting-room.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

export interface WaitOptions {
  /** Opens where callers are told to come again; only where there is something to wait for. */
  readonly openRoom: () => Promise<WaitingRoom>;
  /** Aborted where nobody waits any more. */
  readonly signal: AbortSignal;
}

/**
 * Does what needs Postgres, again and again for as long as that is away. What Postgres refuses, such as a password, is an error
 * at once: waiting would only hide it.
 * @throws whatever else `start` does, and an AbortError
 */
export async function whenDatabaseAnswers<Result>(
  start: () => Promise<Result>,
  { openRoom, signal }: WaitOptions,
): Promise<Result> {
  const logger = new Logger('Database');
  const beganMs = performance.now();
  let [room, told]: [WaitingRoom | undefined, string] = [undefined, ''];
  try {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        const result = await start();
        if (room) logger.log(`Postgres answers, after ${Math.round((performance.now() - beganMs) / 1000)} s.`);
        return result;
      } catch (error) {
        const failure = connectionFailure(error);
        if (failure?.kind !== 'away' || signal.aborted) throw error;
        if (failure.reason !== told) logger.warn(`${failure.reason}: waiting for it.`);
        told = failure.reason;
        room ??= await openRoom();
      }
      // Instances that started together do not come back together.
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  } finally {
    await room?.close();
  }
}
