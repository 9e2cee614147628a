import { Injectable, createParamDecorator } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import { ValidationFailedError } from '../../http/http.errors.js';
import { validateBody } from '../../http/validation.js';
import { Metrics } from '../../observability/metrics.js';
import { verdictOf } from '../../security/strategy-verdict.js';
import { decodeRefreshToken } from '../../tokens/sessions/refresh-token.js';
import type { PresentedRefreshToken } from '../../tokens/sessions/refresh-token.js';
import { RefreshInvalidError } from '../../tokens/tokens.errors.js';
import { RefreshRequest } from '../auth.dto.js';
import { CrossSiteCheck } from '../cookies/cross-site-check.js';
import { refreshTokenInCookie } from '../cookies/token-cookies.js';
import type { RefreshTokenIn } from '../token-issuer.js';

/** A refresh token of ours by its form, whose MAC nobody has checked yet. */
export interface PresentedToken {
  readonly token: PresentedRefreshToken;
  readonly from: RefreshTokenIn;
}

type Done = (error: unknown, presented?: PresentedToken) => void;

/** Passport's part: it hands on whatever the verification says. */
class PresentedTokenStrategy extends passport.Strategy {
  constructor(private readonly read: (request: FastifyRequest, done: Done) => void) {
    super();
  }

  override authenticate(request: unknown): void {
    this.read(request as FastifyRequest, (error, presented) => {
      if (presented) this.success(presented);
      else this.error(error);
    });
  }
}

/**
 * A refresh token in the body or, behind the guard against other sites, in the cookie. Its form is checked here; one
 * whose form is wrong never reaches the database.
 */
@Injectable()
export class RefreshTokenStrategy extends PassportStrategy(PresentedTokenStrategy, 'refresh-token') {
  constructor(
    private readonly crossSite: CrossSiteCheck,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async validate(request: FastifyRequest): Promise<PresentedToken> {
    const { refreshToken } = await validateBody(RefreshRequest, request.body);
    const text = refreshToken ?? this.fromCookie(request);
    const token = decodeRefreshToken(text);
    if (!token) {
      this.metrics.refreshes.inc({ outcome: 'invalid' });
      throw new RefreshInvalidError('form');
    }
    return { token, from: refreshToken === undefined ? 'cookie' : 'body' };
  }

  private fromCookie(request: FastifyRequest): string {
    const cookie = refreshTokenInCookie(request);
    if (cookie !== undefined) {
      this.crossSite.assertGuarded(request);
      return cookie;
    }
    // A page that uses cookies cannot know whether it has one: it is told to sign in.
    if (request.headers['x-gatehouse'] !== undefined) throw new RefreshInvalidError('no cookie');
    throw new ValidationFailedError([{ field: 'refreshToken', message: 'must be a string' }]);
  }
}

@Injectable()
export class RefreshTokenGuard implements CanActivate {
  constructor(private readonly strategy: RefreshTokenStrategy) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    presented.set(request, await verdictOf(this.strategy, request));
    return true;
  }
}

const presented = new WeakMap<FastifyRequest, PresentedToken>();

/** What the strategy read. */
export const Presented = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  presented.get(context.switchToHttp().getRequest<FastifyRequest>()),
);
