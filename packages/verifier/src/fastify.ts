import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from './http/admission.js';
import type { Requirements } from './http/admission.js';
import type { Verifier } from './verifier.js';

export { principalOf } from './http/admission.js';

export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

/** An `onRequest` hook, of a route or of all, that lets a request pass with a valid access token and answers any other itself. */
export function requireToken(verifier: Verifier, requirements?: Requirements): Hook {
  return async (request, reply) => {
    const refused = await refuse(verifier, request.raw, requirements);
    if (!refused) return undefined;
    const { status, headers, body } = refused.answer;
    return reply.code(status).headers(headers).send(JSON.stringify(body));
  };
}
