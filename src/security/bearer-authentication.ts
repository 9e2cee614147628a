import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import type { Strategy } from 'passport';

import { AppError } from '../shared/app-error.js';
import type { Principal } from './principal.js';
import { TokenExpiredError, TokenInvalidError } from './security.errors.js';

type Verdict = (error: unknown, principal?: Principal | false | null, challenge?: unknown) => void;
type Run = (request: FastifyRequest, response: unknown, next: (error?: unknown) => void) => void;

/** The part of Passport that is used, in the types that the `jwt` strategy has here. */
interface Strategies {
  authenticate(strategy: string | Strategy, options: { session: false }, verdict: Verdict): Run;
}

const strategies: Strategies = passport;

/** A strategy fails with an AppError of ours, or with an error of passport-jwt or jsonwebtoken. */
function asTokenError(challenge: unknown): AppError {
  if (challenge instanceof AppError) return challenge;
  const isExpired = challenge instanceof Error && challenge.name === 'TokenExpiredError';
  return isExpired ? new TokenExpiredError() : new TokenInvalidError(challenge);
}

/** For the log: also where a later guard refuses the request. */
function callerNamed(request: FastifyRequest, principal: Principal): Principal {
  request.caller = { userId: principal.userId, sessionId: principal.sessionId };
  return principal;
}

/** Asks the `jwt` strategy who calls, once a request however many guards want to know. */
@Injectable()
export class BearerAuthentication {
  private readonly outcomes = new WeakMap<FastifyRequest, Promise<Principal>>();
  private strategy: string | Strategy = 'jwt';

  /** Takes this very strategy: by its name Passport would find that of whichever application registered it last. */
  use(strategy: Strategy): void {
    this.strategy = strategy;
  }

  /** @throws AppError `token_missing`, `token_invalid`, …; any other error is a fault of the service */
  authenticate(request: FastifyRequest): Promise<Principal> {
    const known = this.outcomes.get(request);
    if (known) return known;
    const outcome = this.run(request);
    this.outcomes.set(request, outcome);
    return outcome;
  }

  /** Passport writes a request's `success` and `fail` into the strategy it is given: no two requests may share one. */
  private strategyOfItsOwn(): string | Strategy {
    return typeof this.strategy === 'string' ? this.strategy : (Object.create(this.strategy) as Strategy);
  }

  /** Passport directly: Nest's `AuthGuard` is a guard for one handler, whose outcome another guard cannot share. */
  private run(request: FastifyRequest): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        reject(error instanceof Error ? error : new Error('The jwt strategy failed.', { cause: error }));
      };
      const verdict: Verdict = (error, principal, challenge) => {
        if (error) fail(error);
        else if (principal) resolve(callerNamed(request, principal));
        else fail(asTokenError(challenge));
      };
      strategies.authenticate(this.strategyOfItsOwn(), { session: false }, verdict)(request, undefined, fail);
    });
  }
}
