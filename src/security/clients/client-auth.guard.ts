import { Injectable, createParamDecorator } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidClientError } from '../security.errors.js';
import { ClientAuthentication } from './client-authentication.js';
import type { ServiceClient } from './service-clients.js';

const clients = new WeakMap<object, ServiceClient>();

/** Lets a request of a service client pass. */
@Injectable()
export class ClientAuthGuard implements CanActivate {
  constructor(private readonly authentication: ClientAuthentication) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    clients.set(request, await this.authentication.authenticate(request));
    return true;
  }
}

/** `@CallingClient() client: ServiceClient` on a route behind `ClientAuthGuard`. */
export const CallingClient = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const client = clients.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (!client) throw new InvalidClientError();
  return client;
});
