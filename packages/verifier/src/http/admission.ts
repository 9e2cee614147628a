import type { IncomingMessage } from 'node:http';
import type { Principal } from '../access-token/principal.js';
import { ForbiddenError, TokenMissingError, VerifierError } from '../errors.js';
import type { Verifier } from '../verifier.js';
import { refusalOf } from './problem.js';
import type { Refusal } from './problem.js';

export interface Requirements {
  /** Any one of these is enough; without any, a token is. */
  readonly roles?: readonly string[];
}

const admitted = new WeakMap<IncomingMessage, Principal>();

/**
 * Lets a request in, so that `principalOf` knows who makes it.
 * @returns how to refuse it; undefined where it is let in
 * @throws whatever is not the caller's doing
 */
export async function refuse(
  verifier: Verifier,
  request: IncomingMessage,
  { roles = [] }: Requirements = {},
): Promise<{ readonly error: VerifierError; readonly answer: Refusal } | undefined> {
  try {
    const principal = await verifier.authenticate(request);
    if (roles.length > 0 && !roles.some((role) => principal.roles.includes(role))) throw new ForbiddenError();
    admitted.set(request, principal);
    return undefined;
  } catch (error) {
    if (!(error instanceof VerifierError)) throw error;
    const answer = refusalOf(error, (code) => verifier.problemType(code), request.headers['x-request-id']);
    return { error, answer };
  }
}

/**
 * Who makes a request that has been let in: Express's request, or Fastify's, or Node's own.
 * @throws TokenMissingError on a route that nothing guards
 */
export function principalOf(request: IncomingMessage | { readonly raw: IncomingMessage }): Principal {
  const principal = admitted.get('rawHeaders' in request ? request : request.raw);
  if (!principal) throw new TokenMissingError();
  return principal;
}
