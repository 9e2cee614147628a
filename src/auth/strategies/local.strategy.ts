import { Injectable, createParamDecorator } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';
import { validateBody } from '../../http/validation.js';
import { verdictOf } from '../../security/strategy-verdict.js';
import { normaliseEmail } from '../../users/email-address.js';
import { InvalidCredentialsError } from '../auth.errors.js';
import { LoginRequest } from '../auth.dto.js';
import { CrossSiteCheck } from '../cookies/cross-site-check.js';
import { deviceTokenInCookie } from '../cookies/token-cookies.js';
import { guesserOf } from '../guesser.js';
import { PasswordSignIn } from '../sign-in/password-sign-in.js';
import type { CheckedPassword } from '../sign-in/password-sign-in.js';
import { SignInTally } from '../sign-in/sign-in-tally.js';

/** An e-mail address and a password. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy, 'local') {
  constructor(
    private readonly passwords: PasswordSignIn,
    private readonly crossSite: CrossSiteCheck,
    private readonly tally: SignInTally,
  ) {
    super({ usernameField: 'email', passReqToCallback: true });
  }

  async validate(request: FastifyRequest, address: string, password: string): Promise<CheckedPassword> {
    const deviceToken = this.deviceTokenOf(request);
    return this.tally.refusals('password', async () => {
      const email = normaliseEmail(address);
      if (email === undefined) throw new InvalidCredentialsError();
      return this.passwords.check(email, password, deviceToken, guesserOf(request));
    });
  }

  /** Checked by the guard below: the body is a `LoginRequest`. */
  private deviceTokenOf(request: FastifyRequest): string | undefined {
    const { deviceToken, refreshTokenIn } = request.body as LoginRequest;
    if (refreshTokenIn !== 'cookie') return deviceToken;
    this.crossSite.assertOurs(request);
    return deviceToken ?? deviceTokenInCookie(request);
  }
}

/** Checks the body before the strategy reads it: guards run before pipes. */
@Injectable()
export class LocalAuthGuard implements CanActivate {
  constructor(private readonly strategy: LocalStrategy) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    await validateBody(LoginRequest, request.body);
    checked.set(request, await verdictOf(this.strategy, request));
    return true;
  }
}

const checked = new WeakMap<FastifyRequest, CheckedPassword>();

/** What the strategy found: an account whose password was right. */
export const Checked = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  checked.get(context.switchToHttp().getRequest<FastifyRequest>()),
);
