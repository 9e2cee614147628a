import { rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { EVENT_COLUMNS, isAuthentic } from '../event-mac.js';
import { unevenEvent } from './uneven-event.js';
import { GENESIS, digestOf, isAuthenticSeal, isHead } from './seal-chain.js';
import type { ChainEnd, Member, Seal } from './seal-chain.js';
import { readEvents, readSeals, readUnsealed } from './seal-rows.js';
import type { SealedRow } from './seal-rows.js';

/** What is wrong with the first thing that is. */
type Problem =
  | 'event_changed'
  | 'event_missing'
  | 'event_added'
  | 'event_sealed_twice'
  | 'seal_changed'
  | 'seal_missing'
  | 'start_missing';

export interface Broken {
  readonly problem: Problem;
  readonly seal: number | null;
  readonly eventId: string | null;
}

export interface Verified {
  /** Where the chain ends, as far as it holds. */
  readonly end: ChainEnd;
  /** How many events were checked: those of removed months are not there to be. */
  readonly events: number;
  readonly firstBroken: Broken | null;
}

/** What the service itself said when it removed the oldest months last. */
export interface Removal {
  readonly piece: string;
  readonly anchor: number;
  readonly head: string;
}

const SEALS_A_PAGE = 200;
const EVENTS_A_READ = 500;

/** @returns the newest removal that the service has written; one that anybody else did is passed over */
export async function newestRemoval(on: Executor, key: Buffer): Promise<Removal | undefined> {
  const found = await rows<SealedRow>(
    on,
    `SELECT ${EVENT_COLUMNS}, mac FROM audit_events WHERE type = 'audit_pieces_removed' ORDER BY id DESC LIMIT 100`,
  );
  let newest: Removal | undefined;
  for (const event of found) {
    if (!isAuthentic(key, event, event.mac)) continue;
    const { piece, anchor, head } = event.details;
    if (typeof piece !== 'string' || typeof anchor !== 'number' || !isHead(head)) continue;
    // Several of one run are of one time: the one that left the least is the last.
    const isNewer = !newest || anchor > newest.anchor || (anchor === newest.anchor && piece > newest.piece);
    if (isNewer) newest = { piece, anchor, head };
  }
  return newest;
}

/**
 * Walks the chain from its start to its end: every seal against the one before, every event against its own MAC and the
 * digest of its seal; then looks for events that no seal covers. In memory there is one page of it at a time.
 */
export async function verifyChain(on: Executor, key: Buffer, removal: Removal | undefined): Promise<Verified> {
  let end: ChainEnd | undefined;
  let events = 0;
  const upTo = (firstBroken: Broken | null): Verified => ({ end: end ?? GENESIS, events, firstBroken });
  for (;;) {
    const page = await readSeals(on, end?.number ?? 0, SEALS_A_PAGE);
    for (const seal of page) {
      const isThere = !removal || seal.piece > removal.piece;
      const found =
        (end || !removal ? linkProblem(key, seal, end ?? GENESIS) : startProblem(key, seal, removal)) ??
        (isThere ? await memberProblem(on, key, seal) : null);
      if (found) return upTo(found);
      if (isThere) events += seal.count;
      end = seal;
    }
    if (page.length < SEALS_A_PAGE) break;
  }
  if (removal && !end) return upTo(broken('start_missing', { seal: removal.anchor }));
  return upTo((await waitingProblem(on, key)) ?? (await unevenProblem(on, removal)));
}

const broken = (problem: Problem, where: Partial<Omit<Broken, 'problem'>> = {}): Broken => ({
  problem,
  seal: where.seal ?? null,
  eventId: where.eventId ?? null,
});

/** The first seal that is there is the one that the newest removal left. */
function startProblem(key: Buffer, seal: Seal, { anchor, head }: Removal): Broken | null {
  if (seal.number !== anchor) return broken('start_missing', { seal: anchor });
  const isAnchor = seal.head.toString('hex') === head && isAuthenticSeal(key, seal);
  return isAnchor ? null : broken('seal_changed', { seal: anchor });
}

function linkProblem(key: Buffer, seal: Seal, before: ChainEnd): Broken | null {
  const expected = before.number + 1;
  if (seal.number !== expected) return broken('seal_missing', { seal: expected });
  const hangsOn = seal.previous.equals(before.head) && seal.total === before.total + seal.count;
  return hangsOn && isAuthenticSeal(key, seal) ? null : broken('seal_changed', { seal: seal.number });
}

async function memberProblem(
  on: Executor,
  key: Buffer,
  { number: seal, eventIds, digest }: Seal,
): Promise<Broken | null> {
  const members: Member[] = [];
  for (let from = 0; from < eventIds.length; from += EVENTS_A_READ) {
    const ids = eventIds.slice(from, from + EVENTS_A_READ);
    const events = await readEvents(on, ids);
    for (const eventId of ids) {
      const event = events.get(eventId);
      const problem = eventProblem(key, event);
      if (problem) return broken(problem, { seal, eventId });
      if (event) members.push(event);
    }
  }
  return digestOf(members).equals(digest) ? null : broken('seal_changed', { seal });
}

function eventProblem(key: Buffer, event: SealedRow | undefined): Problem | undefined {
  if (!event) return 'event_missing';
  return event.wholeMilliseconds && isAuthentic(key, event, event.mac) ? undefined : 'event_changed';
}

/** Of the events that wait for their seal, the oldest that is not as it was written. */
async function waitingProblem(on: Executor, key: Buffer): Promise<Broken | null> {
  let last: string | undefined;
  for (;;) {
    const ids = await readUnsealed(on, EVENTS_A_READ, last);
    const events = await readEvents(on, ids);
    for (const eventId of ids) {
      const problem = eventProblem(key, events.get(eventId));
      if (problem) return broken(problem, { eventId });
    }
    last = ids.at(-1);
    if (ids.length < EVENTS_A_READ) return null;
  }
}

async function unevenProblem(on: Executor, removal: Removal | undefined): Promise<Broken | null> {
  const found = await unevenEvent(on, removal?.piece);
  if (!found) return null;
  return broken(found.is === 'added' ? 'event_added' : 'event_sealed_twice', { eventId: found.id });
}
