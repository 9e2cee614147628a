import { Injectable, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import { validateBody } from '../../http/validation.js';
import { decodeRefreshToken } from '../../tokens/sessions/refresh-token.js';
import type { PresentedRefreshToken } from '../../tokens/sessions/refresh-token.js';
import { RefreshInvalidError } from '../../tokens/tokens.errors.js';
import { RefreshRequest } from '../auth.dto.js';

type Done = (error: unknown, presented?: PresentedRefreshToken) => void;

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

/** A refresh token in the body. Its form is checked here; one whose form is wrong never reaches the database. */
@Injectable()
export class RefreshTokenStrategy extends PassportStrategy(PresentedTokenStrategy, 'refresh-token') {
  async validate(request: FastifyRequest): Promise<PresentedRefreshToken> {
    const { refreshToken } = await validateBody(RefreshRequest, request.body);
    const presented = decodeRefreshToken(refreshToken);
    if (!presented) throw new RefreshInvalidError('form');
    return presented;
  }
}

@Injectable()
export class RefreshTokenGuard extends AuthGuard('refresh-token') {}

/** What the strategy read: a refresh token of ours by its form, whose MAC nobody has checked yet. */
export const Presented = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ user: PresentedRefreshToken }>().user,
);
