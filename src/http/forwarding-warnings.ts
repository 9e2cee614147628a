import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TrustProxy } from '../config/app-config.js';
import type { Clock } from '../shared/clock.js';
import { ForwardingContradictions } from './forwarding-contradictions.js';
import type { Contradiction } from './forwarding-contradictions.js';

/** Anyone can send headers: what they cause is told at this interval, however many come. */
const QUIET_MS = 60 * 60 * 1000;

/** Logs what contradicts `TRUST_PROXY`: each kind at once, then at most once an hour, with how many came in between. */
class ForwardingWarnings {
  private readonly logger = new Logger('Forwarding');
  private readonly told = new Map<Contradiction, { readonly atMs: number; since: number }>();

  constructor(
    private readonly contradictions: ForwardingContradictions,
    private readonly clock: Clock,
  ) {}

  look(request: FastifyRequest): void {
    const found = this.contradictions.find(request);
    if (found === undefined) return;
    // The platform's probes ask the instance itself.
    if (found === 'missing' && request.url.startsWith('/health/')) return;
    const atMs = this.clock.now().getTime();
    const last = this.told.get(found);
    if (last !== undefined && atMs - last.atMs < QUIET_MS) {
      last.since += 1;
      return;
    }
    this.told.set(found, { atMs, since: 0 });
    const more = last === undefined || last.since === 0 ? '' : ` (${last.since} more since this was last told)`;
    this.logger.warn(`${this.contradictions.describe(found, request)}${more}`);
  }
}

/** Has every request looked at. Call it after `installHttpHooks`, so that what that one answers by itself is none. */
export function warnOfForwarding(fastify: FastifyInstance, trustProxy: TrustProxy, clock: Clock): void {
  const warnings = new ForwardingWarnings(new ForwardingContradictions(trustProxy), clock);
  fastify.addHook('onRequest', (request, _reply, done) => {
    warnings.look(request);
    done();
  });
}
