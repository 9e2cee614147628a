import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { AppConfig } from '../../config/app-config.js';
import { HttpsRequiredError } from '../http.errors.js';
import { hopsOf } from '../client-address.js';
import { trustRule } from '../trust-rule.js';
import { reportsPlainHttp } from './forwarded-protocol.js';

/** The platform's probes ask over the network that it has. */
const PROBES = /^\/health\/(?:live|ready)(?:\?|$)/;

/**
 * Refuses what came to a trusted proxy over plain HTTP where PUBLIC_URL is https, before anything of it is read. Never
 * redirected: a client that is sent on goes on sending its credentials in the clear first, and nobody notices. A proxy that
 * reports nothing is taken to take https alone; what anyone else reports is nothing.
 */
export function refusePlainHttp(
  fastify: FastifyInstance,
  { publicUrl, trustProxy }: Pick<AppConfig['http'], 'publicUrl' | 'trustProxy'>,
): void {
  if (trustProxy.kind === 'none' || new URL(publicUrl).protocol !== 'https:') return;
  const trusts = trustRule(trustProxy);
  const isRefused = (request: FastifyRequest): boolean => {
    const { headers } = request;
    const { forwarded, 'x-forwarded-proto': protocol } = headers;
    // What nearly every request has.
    if (forwarded === undefined && (protocol === undefined || protocol === 'https')) return false;
    if (!trusts(request.socket.remoteAddress, 0)) return false;
    const trustedSteps = Math.max(1, hopsOf(request).length - 1);
    return reportsPlainHttp(headers, trustedSteps) && !PROBES.test(request.url);
  };
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (isRefused(request)) done(new HttpsRequiredError());
    else done();
  });
}
