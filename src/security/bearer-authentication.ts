import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';

import { AppError } from '../shared/app-error.js';
import type { Principal } from './principal.js';
import { TokenExpiredError, TokenInvalidError } from './security.errors.js';

type Verdict = (error: unknown, principal?: Principal | false | null, challenge?: unknown) => void;
type Run = (request: FastifyRequest, response: unknown, next: (error?: unknown) => void) => void;

/** The part of Passport that is used, in the types that the `jwt` strategy has here. */
interface Strategies {
  authenticate(strategy: 'jwt', options: { session: false }, verdict: Verdict): Run;
}

const strategies: Strategies = passport;

/** A strategy fails with an AppError of ours, or with an error of passport-jwt or jsonwebtoken. */
function asTokenError(challenge: unknown): AppError {
  if (challenge instanceof AppError) return challenge;
  const isExpired = challenge instanceof Error && challenge.name === 'TokenExpiredError';
  return isExpired ? new TokenExpiredError() : new TokenInvalidError(challenge);
}

/** Asks the `jwt` strategy who calls, once a request however many guards want to know. */
@Injectable()
export class BearerAuthentication {
  private readonly outcomes = new WeakMap<FastifyRequest, Promise<Principal>>();

  /** @throws AppError `token_missing`, `token_invalid`, …; any other error is a fault of the service */
  authenticate(request: FastifyRequest): Promise<Principal> {
    const known = this.outcomes.get(request);
    if (known) return known;
    const outcome = this.run(request);
    this.outcomes.set(request, outcome);
    return outcome;
  }

  /** Passport directly: Nest's `AuthGuard` is a guard for one handler, whose outcome another guard cannot share. */
  private run(request: FastifyRequest): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        reject(error instanceof Error ? error : new Error('The jwt strategy failed.', { cause: error }));
      };
      const verdict: Verdict = (error, principal, challenge) => {
        if (error) fail(error);
        else if (principal) resolve(principal);
        else fail(asTokenError(challenge));
      };
      strategies.authenticate('jwt', { session: false }, verdict)(request, undefined, fail);
    });
  }
}
