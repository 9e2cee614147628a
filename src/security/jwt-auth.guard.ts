import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { BearerAuthentication } from './bearer-authentication.js';

/** Lets a request with a valid access token pass, as `request.user`. */
@Injectable()
export class JwtAuthGuard implements CanActivate {
  constructor(private readonly bearer: BearerAuthentication) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.user = await this.bearer.authenticate(request);
    return true;
  }
}
