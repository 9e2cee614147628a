import { Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard as NestThrottlerGuard,
  ThrottlerStorage,
} from '@nestjs/throttler';
import type { ThrottlerModuleOptions } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';

import { AppConfig } from '../config/app-config.js';
import { clientAddress, clientNetwork } from '../http/client-address.js';
import { noteLimit } from '../http/rate-limit-fields.js';
import { BearerAuthentication } from './bearer-authentication.js';
import { CallEvents } from './call-events.js';
import { ClientAuthentication } from './clients/client-authentication.js';
import { RATE_LIMITS, RATE_LIMIT_WINDOW_SECONDS, RateLimit } from './rate-limit.decorator.js';
import type { RateLimitPolicy } from './rate-limit.decorator.js';
import type { Principal } from './principal.js';
import { RateLimitedError } from './security.errors.js';
import type { UserId } from '../shared/ids.js';

/** Counts a request against its route's `@RateLimit` policy; stands before every other guard. */
@Injectable()
export class ThrottlerGuard extends NestThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly bearer: BearerAuthentication,
    private readonly clients: ClientAuthentication,
    private readonly config: AppConfig,
    private readonly events: CallEvents,
  ) {
    super(options, storage, reflector);
  }

  /** In place of the library's, which looks its own decorators up six times a request before it asks `handleRequest`. */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.config.http.rateLimit) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const name = this.policyOf(context);
    const { quota, per } = RATE_LIMITS[name];
    const asked = this.callerOf(request, per);
    const caller = asked instanceof Promise ? await asked : asked;
    const windowMs = RATE_LIMIT_WINDOW_SECONDS * 1000;
    // One count a policy, whatever the route: login and its second step share theirs.
    const count = await this.storageService.increment(caller.name, windowMs, quota, windowMs, name);
    noteLimit(request, {
      policy: `${name}-requests`,
      quota,
      windowSeconds: RATE_LIMIT_WINDOW_SECONDS,
      remaining: quota - count.totalHits,
      resetSeconds: count.timeToExpire,
    });
    if (!count.isBlocked) return true;
    this.events.rateLimited(request, `${name}-requests`, caller.userId);
    throw new RateLimitedError(count.timeToBlockExpire);
  }

  private policyOf(context: ExecutionContext): RateLimitPolicy {
    const targets = [context.getHandler(), context.getClass()];
    const named = this.reflector.getAllAndOverride<RateLimitPolicy | undefined>(RateLimit.KEY, targets);
    return named ?? 'bearer';
  }

  /** Credentials that do not hold must not spend their owner's budget: who sends them is counted by address. */
  private callerOf(request: FastifyRequest, per: 'client' | 'user' | 'service'): Caller | Promise<Caller> {
    // Refused with its reason by the guard that comes next.
    const byAddress = (): Caller => ({ name: clientNetwork(clientAddress(request)) });
    if (per === 'client') return byAddress();
    if (per === 'service') return this.clients.authenticate(request).then(asService, byAddress);
    try {
      const principal = this.bearer.authenticate(request);
      return principal instanceof Promise ? principal.then(asUser, byAddress) : asUser(principal);
    } catch {
      return byAddress();
    }
  }
}

/** Who is counted. */
interface Caller {
  /** A network's, or an id. */
  readonly name: string;
  readonly userId?: UserId;
}

const asUser = ({ userId }: Principal): Caller => ({ name: userId, userId });
const asService = ({ id }: { readonly id: string }): Caller => ({ name: id });
