import { Injectable, UseInterceptors, applyDecorators } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';

import { AppConfig } from '../config/app-config.js';
import { AppError } from '../shared/app-error.js';
import { Clock, addSeconds } from '../shared/clock.js';
import { AdminCalls } from './admin-calls.interceptor.js';
import { CallEvents } from './call-events.js';
import { principalOf } from './principal.js';
import type { Principal } from './principal.js';
import { ForbiddenError, MfaEnrolmentRequiredError, ReauthRequiredError } from './security.errors.js';

const Role = Reflector.createDecorator<'admin'>();

/** On a class or handler behind `JwtAuthGuard` and `RolesGuard`. Calls that pass are written down, with what they came to. */
export const RequireRole = Object.assign((role: 'admin') => applyDecorators(Role(role), UseInterceptors(AdminCalls)), {
  KEY: Role.KEY,
});

/**
 * Lets a principal with the required role pass. An admin's sign-in has to be recent and, where configured, to have had a
 * second factor. A route that names no role is refused: the guard without its decorator is a mistake.
 */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly events: CallEvents,
  ) {}

  /** A refusal is an event; the calls that pass are `AdminCalls`' to write down. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const role = this.reflector.getAllAndOverride<string | undefined>(RequireRole.KEY, targets);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = principalOf(request);
    try {
      if (role === undefined || !principal.roles.includes(role)) throw new ForbiddenError();
      this.assertStrongSignIn(principal);
    } catch (error) {
      if (error instanceof AppError) await this.events.adminRefused(request, principal, error.code);
      throw error;
    }
    return true;
  }

  private assertStrongSignIn(principal: Principal): void {
    const { adminMaxAuthAgeSeconds, adminRequireMfa } = this.config.accounts;
    if (addSeconds(principal.authenticatedAt, adminMaxAuthAgeSeconds) < this.clock.now()) {
      throw new ReauthRequiredError(adminMaxAuthAgeSeconds);
    }
    if (adminRequireMfa && !principal.amr.includes('otp')) throw new MfaEnrolmentRequiredError();
  }
}
