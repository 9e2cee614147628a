import type { UserId } from '../../shared/ids.js';
import { NOT_REVOKED, notExpired } from '../sessions/live-session.js';
import type { AddressRange } from './address-range.js';

/** Which sessions are meant: all that match everything that is given. */
export interface SessionFilter {
  readonly userId?: UserId | undefined;
  /** Of the sign-in. */
  readonly addresses?: AddressRange | undefined;
  /** Words of the sign-in's user agent, in this order; the last may be the beginning of one. */
  readonly userAgent?: string | undefined;
  readonly createdBefore?: Date | undefined;
  readonly createdAfter?: Date | undefined;
  /** Neither revoked nor expired; false for the others. */
  readonly active?: boolean | undefined;
}

/** The conditions of a query on `sessions`, and the values of their parameters. */
export class SessionConditions {
  readonly values: unknown[] = [];
  private readonly conditions: string[] = [];

  /** @param condition takes the name of the parameter that holds the value */
  add(value: unknown, condition: (parameter: string) => string): this {
    this.conditions.push(condition(this.parameter(value)));
    return this;
  }

  /** @returns the name of a parameter that holds the value, as `$1` */
  parameter(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  toString(): string {
    return this.conditions.length === 0 ? 'true' : this.conditions.join(' AND ');
  }
}

/** The words as `user_agent_words` has them, each behind an x, one after another. A text without a word matches nothing. */
const phraseOf = (text: string): string => {
  const trimmed = `NULLIF(regexp_replace(${text}::text, '^[^[:alnum:]]+|[^[:alnum:]]+$', '', 'g'), '')`;
  return `to_tsquery('simple', 'x' || regexp_replace(${trimmed}, '[^[:alnum:]]+', ' <-> x', 'g') || ':*')`;
};

const isLive = (at: string): string => `(${NOT_REVOKED} AND ${notExpired(at)})`;

/** Only what is given becomes a condition: one that says "or nothing was given" would keep Postgres from using an index. */
export function conditionsOf(filter: SessionFilter, now: Date): SessionConditions {
  const conditions = new SessionConditions();
  const { userId, addresses, userAgent, createdBefore, createdAfter, active } = filter;
  if (userId !== undefined) conditions.add(userId, (at) => `sessions.user_id = ${at}`);
  if (addresses !== undefined) {
    // Every stored address is a single one, and those of a block lie between its first and its last.
    conditions.add(addresses.first, (at) => `sessions.ip >= ${at}::inet`);
    conditions.add(addresses.last, (at) => `sessions.ip <= ${at}::inet`);
  }
  if (userAgent !== undefined) {
    conditions.add(userAgent, (at) => `sessions.user_agent_words @@ ${phraseOf(at)}`);
  }
  if (createdBefore !== undefined) conditions.add(createdBefore, (at) => `sessions.created_at < ${at}`);
  if (createdAfter !== undefined) conditions.add(createdAfter, (at) => `sessions.created_at > ${at}`);
  if (active !== undefined) conditions.add(now, (at) => (active ? isLive(at) : `NOT ${isLive(at)}`));
  return conditions;
}

/** The filter as texts that are the same for the same filter, for events and to bind cursors. */
export function describeFilter(filter: SessionFilter): Readonly<Record<string, string | boolean>> {
  const { userId, addresses, userAgent, createdBefore, createdAfter, active } = filter;
  return {
    ...(userId !== undefined && { userId }),
    ...(addresses !== undefined && { ip: addresses.text }),
    ...(userAgent !== undefined && { userAgent }),
    ...(createdBefore !== undefined && { createdBefore: createdBefore.toISOString() }),
    ...(createdAfter !== undefined && { createdAfter: createdAfter.toISOString() }),
    ...(active !== undefined && { active }),
  };
}
