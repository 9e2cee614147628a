import type { FastifyRequest } from 'fastify';

import type { ClientContext } from '../shared/client-context.js';
import { clientAddress } from './client-address.js';

const MAX_USER_AGENT_CHARACTERS = 512;

/** Where a request came from, bounded and free of control characters, as data for services and events. */
export function clientOf(request: FastifyRequest): ClientContext {
  // Control characters are what must not reach a log.
  const text = (request.headers['user-agent'] ?? '').replaceAll(/\p{Cc}/gu, '').trim();
  const userAgent = text.slice(0, MAX_USER_AGENT_CHARACTERS);
  return {
    ip: clientAddress(request),
    userAgent: userAgent === '' ? undefined : userAgent,
    requestId: request.id,
  };
}
