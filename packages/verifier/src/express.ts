import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from './http/admission.js';
import type { Requirements } from './http/admission.js';
import type { Verifier } from './verifier.js';

export { principalOf } from './http/admission.js';

export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** Middleware that lets a request pass with a valid access token, and answers any other with a problem document. */
export function requireToken(verifier: Verifier, requirements?: Requirements): Middleware {
  return (request, response, next) => {
    refuse(verifier, request, requirements)
      .then((refused) => {
        if (!refused) {
          next();
          return;
        }
        const { status, headers, body } = refused.answer;
        response.writeHead(status, headers).end(JSON.stringify(body));
      })
      .catch(next);
  };
}
