import { newId } from '../../src/shared/ids.js';
import type { Chance } from '../../test/support/chance.js';
import { connected } from '../bench-database.js';
import { ADMIN } from './soaked-service.js';
import type { Answered, Wire } from './wire.js';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Somebody with one session. */
export interface Person {
  readonly email: string;
  readonly ip: string;
  tokens: Tokens;
}

export interface People {
  readonly admin: Person;
  readonly others: readonly Person[];
  /** HTTP Basic of another service. */
  readonly client: string;
}

const PASSWORD = ADMIN.password;

/** Of so many networks that nobody meets the limits of an address. */
export const someAddress = (chance: Chance): string =>
  `203.${chance.between(0, 7)}.${chance.between(0, 255)}.${chance.between(1, 254)}`;

export const signIn = (wire: Wire, { email, ip }: Pick<Person, 'email' | 'ip'>): Promise<Answered> =>
  wire.send({
    method: 'POST',
    path: '/api/login',
    from: ip,
    body: JSON.stringify({ email, password: PASSWORD }),
  });

export const tokensIn = ({ status, text }: Answered): Tokens => {
  if (status !== 200) throw new Error(`no tokens, but ${status}: ${text}`);
  return JSON.parse(text) as Tokens;
};

/** Makes accounts that have the admin's password, signs everybody in, and has the admin make a client. */
export async function gatherPeople(wire: Wire, databaseUrl: string, count: number, chance: Chance): Promise<People> {
  const emails = Array.from({ length: count }, (_, number) => `person${number}@example.com`);
  await connected(databaseUrl, (client) =>
    client.query(
      `INSERT INTO users (id, email, email_verified_at, password_hash, created_at)
       SELECT made.id, made.email, now(), admin.password_hash, now()
       FROM unnest($1::uuid[], $2::text[]) AS made (id, email), users AS admin WHERE admin.email = $3`,
      [emails.map(() => newId()), emails, ADMIN.email],
    ),
  );
  const everybody: Person[] = [];
  for (const email of [ADMIN.email, ...emails]) {
    const ip = someAddress(chance);
    everybody.push({ email, ip, tokens: tokensIn(await signIn(wire, { email, ip })) });
  }
  const [admin, ...others] = everybody;
  if (!admin) throw new Error('there is no admin');
  return { admin, others, client: await makeClient(wire, admin) };
}

async function makeClient(wire: Wire, { ip, tokens }: Person): Promise<string> {
  const { text } = await wire.send({
    method: 'POST',
    path: '/api/admin/clients',
    from: ip,
    token: tokens.accessToken,
    body: JSON.stringify({ name: 'soak' }),
  });
  const { clientId, clientSecret } = JSON.parse(text) as { clientId: string; clientSecret: string };
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}
