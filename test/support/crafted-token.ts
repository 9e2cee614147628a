import type { KeyObject } from 'node:crypto';
import { CompactSign, decodeJwt, decodeProtectedHeader } from 'jose';
import { SigningKeys } from '../../src/tokens/keys/signing-keys.js';
import type { TestApp } from './test-app.js';

type Members = Readonly<Record<string, unknown>>;

export interface Changes {
  /** Members to set; undefined takes one away. */
  readonly header?: Members;
  readonly claims?: Members;
  /** Instead of the service's own private key. */
  readonly key?: KeyObject | Uint8Array;
}

export const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const changed = (members: Members, changes: Members = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries({ ...members, ...changes }).filter(([, value]) => value !== undefined));

/** A valid access token with something about it changed, signed by the service's own key unless another is given. */
export async function craft(service: TestApp, token: string, { header, claims, key }: Changes = {}): Promise<string> {
  const signer = service.app.get(SigningKeys, { strict: false }).signer();
  const body = JSON.stringify(changed(decodeJwt(token), claims));
  const protectedHeader = changed({ ...decodeProtectedHeader(token) }, header);
  return new CompactSign(Buffer.from(body))
    .setProtectedHeader({ alg: signer.algorithm, ...protectedHeader })
    .sign(key ?? signer.sign);
}

/** The same with a header or a body that no library would write, over a signature that was made for the original. */
export function withParts(token: string, parts: { header?: unknown; claims?: unknown; signature?: string }): string {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [
    parts.header === undefined ? header : base64url(parts.header),
    parts.claims === undefined ? claims : base64url(parts.claims),
    parts.signature ?? signature,
  ].join('.');
}
