import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Strategy } from 'passport';

import { AppError } from '../shared/app-error.js';
import type { Principal } from './principal.js';
import { TokenExpiredError, TokenInvalidError } from './security.errors.js';

/** The Passport strategy `jwt`, as far as it is asked here. */
export interface BearerStrategy {
  /** Who bears a request's token, where that is known already: undefined says nothing. @throws AppError without one token */
  recall(request: FastifyRequest): Principal | undefined;
}

/** What Passport adds to a strategy for each request, in the types that `jwt` has here. */
interface Verdicts {
  success(principal: Principal): void;
  fail(challenge: unknown): void;
  error(error: unknown): void;
  authenticate(request: FastifyRequest, options: object): void;
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
  private strategy: (Strategy & BearerStrategy) | undefined;

  /** Takes this very strategy: by its name Passport would find that of whichever application registered it last. */
  use(strategy: Strategy & BearerStrategy): void {
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
    return known ? callerNamed(request, known) : verifiedBy(this.strategy, request);
  }
}

/**
 * Runs the strategy as Passport does, without what Passport makes anew for each request: it writes the request's verdicts
 * into the strategy, so that no two requests may share one.
 */
function verifiedBy(strategy: Strategy, request: FastifyRequest): Promise<Principal> {
  return new Promise((resolve, reject) => {
    const own = Object.create(strategy) as Verdicts;
    own.success = (principal) => {
      resolve(callerNamed(request, principal));
    };
    own.fail = (challenge) => {
      reject(asTokenError(challenge));
    };
    own.error = (error) => {
      reject(error instanceof Error ? error : new Error('The jwt strategy failed.', { cause: error }));
    };
    own.authenticate(request, { session: false });
  });
}

/** For the log: also where a later guard refuses the request. */
function callerNamed(request: FastifyRequest, principal: Principal): Principal {
  request.caller = { userId: principal.userId, sessionId: principal.sessionId };
  return principal;
}
