import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { SessionId, UserId } from '../shared/ids.js';
import { TokenMissingError } from './security.errors.js';

/** Who calls, as a valid access token says. */
export interface Principal {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** The token's `jti`. */
  readonly tokenId: string;
  /** The `kid` of the key that signed it. */
  readonly keyId: string;
  readonly roles: readonly string[];
  /** The user's security version when the token was issued. */
  readonly ver: number;
  /** The deployment's era when the token was issued. */
  readonly era: number;
  /** How the user signed in (RFC 8176). */
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `JwtAuthGuard`; `@CurrentPrincipal()` hands it to a handler. */
    user?: Principal;
  }
}

/** @throws TokenMissingError on a route without `JwtAuthGuard` */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.user) throw new TokenMissingError();
  return request.user;
}

/** `@CurrentPrincipal() principal: Principal` on a route behind `JwtAuthGuard`. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  principalOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
