import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidClientError } from '../security.errors.js';
import { ServiceClients } from './service-clients.js';
import type { ServiceClient } from './service-clients.js';

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const BASIC_SCHEME = /^basic(?: |$)/i;

/** Asks who the calling service is, once a request however many guards want to know. */
@Injectable()
export class ClientAuthentication {
  private readonly outcomes = new WeakMap<FastifyRequest, Promise<ServiceClient>>();

  constructor(private readonly clients: ServiceClients) {}

  /** @throws InvalidClientError without credentials of a client, in one `Authorization: Basic` field */
  authenticate(request: FastifyRequest): Promise<ServiceClient> {
    const known = this.outcomes.get(request);
    if (known) return known;
    const outcome = this.run(request);
    this.outcomes.set(request, outcome);
    return outcome;
  }

  private async run(request: FastifyRequest): Promise<ServiceClient> {
    const credentials = basicCredentials(request.headers.authorization ?? '');
    const client = credentials && (await this.clients.authenticate(credentials.id, credentials.secret));
    if (!client) throw new InvalidClientError();
    request.caller = { serviceClientId: client.id };
    return client;
  }
}

/** Whether a request tries to authenticate a client at all. */
export function hasBasicCredentials(request: FastifyRequest): boolean {
  return BASIC_SCHEME.test(request.headers.authorization ?? '');
}

/** Both halves are form-urlencoded before they are joined (RFC 6749 §2.3.1); ours need no encoding. */
function basicCredentials(authorization: string): { readonly id: string; readonly secret: string } | undefined {
  const [, encoded] = BASIC.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  try {
    return { id: decodeForm(text.slice(0, colon)), secret: decodeForm(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

const decodeForm = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
