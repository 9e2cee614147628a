/** What can be revoked, and how it is named: a session's, token's, user's or key's id; `*` for an era. */
const KINDS = ['session', 'token', 'user', 'key', 'era'] as const;
export type RevocationKind = (typeof KINDS)[number];

export interface Revocation {
  readonly kind: RevocationKind;
  readonly subject: string;
  /** Of a user or an era: the least version that is still good. */
  readonly minimum?: number;
  /** Of an era: the one session that lives on in it, where the feed tells. Its older tokens are refused, but a refresh mends that. */
  readonly spared?: string;
  /** When no token that it could refuse can be alive any more, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

const isKind = (value: unknown): value is RevocationKind => KINDS.some((kind) => kind === value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Reads the data of an event of the feed.
 * @throws Error for anything that is not understood whole: to overlook it would be to accept what it revokes
 */
export function parseRevocation(data: string): Revocation {
  const value: unknown = JSON.parse(data);
  const member = (name: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (Reflect.get(value, name) as unknown)
      : undefined;
  const [kind, subject, minimum, spared] = [member('kind'), member('subject'), member('minimum'), member('spared')];
  const expiresAtMs = Date.parse(String(member('expiresAt')));
  if (!isKind(kind) || !isText(subject) || Number.isNaN(expiresAtMs))
    throw new Error('the feed tells what it should not');
  const versioned = kind === 'user' || kind === 'era';
  if (versioned ? !isVersion(minimum) : minimum !== undefined)
    throw new Error(`the feed tells of a ${kind} without sense`);
  return {
    kind,
    subject,
    ...(isVersion(minimum) && { minimum }),
    ...(isText(spared) && { spared }),
    expiresAtMs,
  };
}
