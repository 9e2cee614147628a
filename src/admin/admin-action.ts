import type { FastifyRequest } from 'fastify';
import type { AdminAction } from '../auth/account/account-support.js';
import { clientOf } from '../http/client-context.js';
import type { Principal } from '../security/principal.js';

/** Who does it, from where and, if told, why: as data for services that know no HTTP. */
export const actionOf = (admin: Principal, request: FastifyRequest, reason?: string): AdminAction => ({
  admin,
  client: clientOf(request),
  reason,
});
