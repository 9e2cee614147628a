import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-jwt';
import { JWT_ALGORITHMS } from '../../config/app-config.js';
import { BearerAuthentication } from '../../security/bearer-authentication.js';
import type { BearerStrategy } from '../../security/bearer-authentication.js';
import { bearerToken, likelyToken } from '../../security/bearer-token.js';
import type { Principal } from '../../security/principal.js';
import { AccessTokenVerifier } from '../../tokens/access/access-token-verifier.js';
import { SigningKeys } from '../../tokens/keys/signing-keys.js';

/**
 * Access tokens. The strict parse chooses the key and its one algorithm, passport-jwt checks the signature, and the
 * claims and the denylist are ours: jsonwebtoken alone accepts more than the contract, §2, does.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') implements BearerStrategy {
  constructor(
    private readonly accessTokens: AccessTokenVerifier,
    keys: SigningKeys,
    bearer: BearerAuthentication,
  ) {
    super({
      jwtFromRequest: bearerToken,
      secretOrKeyProvider: (_request: FastifyRequest, token: string, done: (error: unknown, key?: never) => void) => {
        keys.findKeyOf(token).then(
          // passport-jwt's types know strings alone; jsonwebtoken is fast only with a KeyObject.
          ({ verify }) => {
            done(null, verify as never);
          },
          done,
        );
      },
      algorithms: [...JWT_ALGORITHMS],
      ignoreExpiration: true,
      passReqToCallback: true,
    });
    bearer.use(this);
  }

  recall(request: FastifyRequest): Principal | undefined {
    const token = likelyToken(request);
    return token === undefined ? undefined : this.accessTokens.recall(token);
  }

  validate(request: FastifyRequest): Promise<Principal> {
    return this.accessTokens.acceptVerified(bearerToken(request));
  }
}
