/** Why development's own Postgres cannot run; the message is meant for whoever started Gatehouse. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EmbeddedPostgresError';
  }
}

const memberOf = (thrown: unknown, name: 'code' | 'message' | 'stderr'): string | undefined => {
  const value: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
  return typeof value === 'string' && value !== '' ? value.trim() : undefined;
};

/** What went wrong, as text: what a program wrote to its standard error, or else the message. */
export const reasonOf = (thrown: unknown): string =>
  memberOf(thrown, 'stderr') ?? memberOf(thrown, 'message') ?? String(thrown);

/** The code of a system or Postgres error, such as `ENOENT` or `28P01`. */
export const codeOf = (thrown: unknown): string | undefined => memberOf(thrown, 'code');
