import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditLog } from '../audit/audit-log.js';
import { Refusals } from '../audit/refusals.js';
import { clientNetwork } from '../http/client-address.js';
import { clientOf } from '../http/client-context.js';
import { Metrics } from '../observability/metrics.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { Clock } from '../shared/clock.js';
import { isUuid } from '../shared/ids.js';
import type { UserId } from '../shared/ids.js';
import type { Principal } from './principal.js';
import { RATE_LIMITS } from './rate-limit.decorator.js';

/** What a call can be refused for, that `rateLimited` is told of. */
const POLICIES = [...Object.keys(RATE_LIMITS).map((name) => `${name}-requests`), 'streams'];

/** The events of calls as such, whatever they are about: an admin's, refused ones, and those beyond a limit. */
@Injectable()
export class CallEvents {
  constructor(
    private readonly audit: AuditLog,
    private readonly refusals: Refusals,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {
    for (const policy of POLICIES) metrics.rateLimited.inc({ policy }, 0);
  }

  /**
   * An admin's call, written before it is answered.
   * @param refusal why, where it was let in and refused all the same
   */
  async adminCalled(request: FastifyRequest, { userId, sessionId }: Principal, refusal?: ErrorCode): Promise<void> {
    const at = this.clock.now();
    const outcome = refusal === undefined ? 'success' : 'failure';
    const reason = refusal === undefined ? {} : { reason: refusal };
    const details = { route: routeOf(request), ...reason, target: targetOf(request) };
    await this.audit.append({
      type: 'authz_admin',
      at,
      userId,
      sessionId,
      client: clientOf(request),
      outcome,
      details,
    });
  }

  /** A call to an admin route by somebody whose token is good, but not for that. */
  async adminRefused(request: FastifyRequest, { userId, sessionId }: Principal, reason: ErrorCode): Promise<void> {
    const client = clientOf(request);
    const route = routeOf(request);
    const event = { type: 'authz_fail', at: this.clock.now(), userId, sessionId, client, outcome: 'failure' } as const;
    const source = { of: `${userId} ${route} ${reason}`, from: clientNetwork(client.ip) };
    await this.refusals.note({ ...event, details: { route, reason, target: targetOf(request) } }, source);
  }

  /** A call beyond a limit. Nobody waits for it to be written: refusing must cost nothing. */
  rateLimited(request: FastifyRequest, limit: string, userId?: UserId): void {
    this.metrics.rateLimited.inc({ policy: limit });
    const client = clientOf(request);
    const at = this.clock.now();
    const event = { type: 'excess_rate_limit_exceeded', at, userId, client, outcome: 'failure' } as const;
    const source = { of: `${limit} ${userId ?? ''}`, from: clientNetwork(client.ip) };
    void this.refusals.note({ ...event, details: { route: routeOf(request), limit } }, source);
  }
}

/** The route's pattern stands for the URL, whose query may hold what no log should. */
const routeOf = ({ method, routeOptions }: FastifyRequest): string => `${method} ${routeOptions.url ?? ''}`;

function targetOf({ params }: FastifyRequest): string | null {
  const id: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'id') : undefined;
  return typeof id === 'string' && isUuid(id) ? id : null;
}
