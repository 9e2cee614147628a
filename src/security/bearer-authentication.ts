import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Strategy } from 'passport';

import { AppError } from '../shared/app-error.js';
import type { Principal } from './principal.js';
import { TokenExpiredError, TokenInvalidError } from './security.errors.js';
import { verdictOf } from './strategy-verdict.js';

/** The Passport strategy `jwt`. */
export interface BearerStrategy extends Strategy {
  /** Who bears a request's token, where that is known already: undefined says nothing. */
  recall(request: FastifyRequest): Principal | undefined;
}

const OUTCOME = Symbol('outcome of the bearer authentication');

declare module 'fastify' {
  interface FastifyRequest {
    [OUTCOME]?: Principal | Promise<Principal>;
  }
}

/** A strategy fails with an AppError of ours, or with an error of passport-jwt or jsonwebtoken. */
function asTokenError(challenge: unknown): AppError {
  if (challenge instanceof AppError) return challenge;
  const isExpired = challenge instanceof Error && challenge.name === 'TokenExpiredError';
  return isExpired ? new TokenExpiredError() : new TokenInvalidError(challenge);
}

/** Asks the `jwt` strategy who calls, once a request however many guards want to know. */
@Injectable()
export class BearerAuthentication {
  private strategy: BearerStrategy | undefined;

  /** Takes this very strategy: by its name Passport would find that of whichever application registered it last. */
  use(strategy: BearerStrategy): void {
    this.strategy = strategy;
  }

  /**
   * At once where the token has been verified before.
   * @throws AppError `token_missing`, `token_invalid`, …; any other error is a fault of the service
   */
  authenticate(request: FastifyRequest): Principal | Promise<Principal> {
    const known = request[OUTCOME];
    if (known) return known;
    const outcome = this.findOut(request);
    request[OUTCOME] = outcome;
    return outcome;
  }

  private findOut(request: FastifyRequest): Principal | Promise<Principal> {
    if (!this.strategy) throw new Error('There is no jwt strategy.');
    const known = this.strategy.recall(request);
    if (known) return callerNamed(request, known);
    return verdictOf<Principal>(this.strategy, request, asTokenError).then((principal) =>
      callerNamed(request, principal),
    );
  }
}

/** For the log: also where a later guard refuses the request. */
function callerNamed(request: FastifyRequest, principal: Principal): Principal {
  request.caller = { userId: principal.userId, sessionId: principal.sessionId };
  return principal;
}
