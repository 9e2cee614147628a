import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import { BearerAuthentication } from '../../security/bearer-authentication.js';
import type { BearerStrategy } from '../../security/bearer-authentication.js';
import { bearerToken, likelyToken } from '../../security/bearer-token.js';
import type { Principal } from '../../security/principal.js';
import { AccessTokenVerifier } from '../../tokens/access/access-token-verifier.js';

type Done = (error: unknown, principal?: Principal) => void;

/** Passport's part: it hands on whatever the verification says. */
class BearerTokenStrategy extends passport.Strategy {
  constructor(private readonly verify: (request: FastifyRequest, done: Done) => void) {
    super();
  }

  override authenticate(request: unknown): void {
    this.verify(request as FastifyRequest, (error, principal) => {
      if (principal) this.success(principal);
      else this.error(error);
    });
  }
}

/**
 * Access tokens in the `Authorization` field. What verifies them is the same for other services' questions: a strategy that
 * checks signatures by a library of its own would accept more than the contract, §2, does.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(BearerTokenStrategy, 'jwt') implements BearerStrategy {
  constructor(
    private readonly accessTokens: AccessTokenVerifier,
    bearer: BearerAuthentication,
  ) {
    super();
    bearer.use(this);
  }

  recall(request: FastifyRequest): Principal | undefined {
    const token = likelyToken(request);
    return token === undefined ? undefined : this.accessTokens.recall(token);
  }

  async validate(request: FastifyRequest): Promise<Principal> {
    return this.accessTokens.verify(bearerToken(request));
  }
}
