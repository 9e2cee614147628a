import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { BearerAuthentication } from './bearer-authentication.js';

/** Lets a request with a valid access token pass, as `request.user`. */
@Injectable()
export class JwtAuthGuard implements CanActivate {
  constructor(private readonly bearer: BearerAuthentication) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const outcome = this.bearer.authenticate(request);
    if (outcome instanceof Promise) return outcome.then((principal) => letPass(request, principal));
    return letPass(request, outcome);
  }
}

function letPass(request: FastifyRequest, principal: FastifyRequest['user'] & object): true {
  request.user = principal;
  return true;
}
