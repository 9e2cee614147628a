import type { Chance } from '../../test/support/chance.js';
import { someAddress, signIn, tokensIn } from './people.js';
import type { People, Person } from './people.js';
import type { Answered, Wanted, Wire } from './wire.js';

export interface Cast extends People {
  readonly wire: Wire;
  readonly chance: Chance;
}

/** One kind of request of the mix. It has `person` to itself while it runs. */
export interface Kind {
  readonly name: string;
  /** Of a thousand. */
  readonly weight: number;
  readonly expected: number;
  readonly run: (cast: Cast, person: Person) => Promise<Answered>;
}

const SPOILT = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.e30.AAAA';
const LARGE_BYTES = 20_000;

const get =
  (path: string): Kind['run'] =>
  async ({ wire }, { ip, tokens }) =>
    wire.send({ method: 'GET', path, from: ip, token: tokens.accessToken });
const asAdmin =
  (path: string): Kind['run'] =>
  async ({ wire, admin }) =>
    wire.send({ method: 'GET', path, from: admin.ip, token: admin.tokens.accessToken });
const asAnybody =
  (wanted: Omit<Wanted, 'from'>): Kind['run'] =>
  async ({ wire, chance }) =>
    wire.send({ ...wanted, from: someAddress(chance) });
const login = (body: string): Kind['run'] => asAnybody({ method: 'POST', path: '/api/login', body });

const refresh: Kind['run'] = async ({ wire }, person) => {
  const body = JSON.stringify({ refreshToken: person.tokens.refreshToken });
  const answer = await wire.send({ method: 'POST', path: '/api/refresh', from: person.ip, body });
  person.tokens = tokensIn(answer);
  return answer;
};

const signOutAndIn: Kind['run'] = async ({ wire }, person) => {
  const { accessToken } = person.tokens;
  const ended = await wire.send({ method: 'POST', path: '/api/logout', from: person.ip, token: accessToken });
  if (ended.status !== 204) return ended;
  const answer = await signIn(wire, person);
  person.tokens = tokensIn(answer);
  return answer;
};

const wrongPassword: Kind['run'] = ({ wire, chance }) =>
  wire.send({
    method: 'POST',
    path: '/api/login',
    from: someAddress(chance),
    body: JSON.stringify({ email: `nobody${chance.between(0, 1e9)}@example.com`, password: 'not the one it has' }),
  });

const introspect: Kind['run'] = ({ wire, client }, { ip, tokens }) =>
  wire.send({
    method: 'POST',
    path: '/oauth/introspect',
    from: ip,
    headers: { authorization: client, 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${tokens.accessToken}`,
  });

const followFeed: Kind['run'] = ({ wire, client }) =>
  wire.listen('/api/revocations', { authorization: client, 'x-forwarded-proto': 'https' }, 'event: ready');

/** What a day of an installation is made of, with more of what is refused than most will see. */
export const MIX: readonly Kind[] = [
  { name: 'guarded', weight: 470, expected: 200, run: get('/api/protected') },
  { name: 'own account', weight: 90, expected: 200, run: get('/api/me') },
  { name: 'refresh', weight: 200, expected: 200, run: refresh },
  { name: 'own sessions', weight: 40, expected: 200, run: get('/api/me/sessions') },
  { name: 'own events', weight: 20, expected: 200, run: get('/api/me/events') },
  { name: 'no token', weight: 30, expected: 401, run: asAnybody({ method: 'GET', path: '/api/protected' }) },
  {
    name: 'forged token',
    weight: 30,
    expected: 401,
    run: asAnybody({ method: 'GET', path: '/api/me', token: SPOILT }),
  },
  { name: 'no admin', weight: 10, expected: 403, run: get('/api/admin/users') },
  { name: 'unknown route', weight: 30, expected: 404, run: asAnybody({ method: 'GET', path: '/no/such/route?x=1' }) },
  { name: 'broken body', weight: 15, expected: 400, run: login('{"email": ') },
  { name: 'unknown field', weight: 10, expected: 400, run: login('{"email": "a@example.com", "x": 1}') },
  { name: 'large body', weight: 5, expected: 413, run: login(JSON.stringify({ email: 'x'.repeat(LARGE_BYTES) })) },
  { name: 'wrong password', weight: 4, expected: 401, run: wrongPassword },
  { name: 'sign-out and sign-in', weight: 6, expected: 200, run: signOutAndIn },
  { name: 'introspection', weight: 12, expected: 200, run: introspect },
  { name: 'key set', weight: 10, expected: 200, run: asAnybody({ method: 'GET', path: '/.well-known/jwks.json' }) },
  { name: 'health', weight: 9, expected: 200, run: asAnybody({ method: 'GET', path: '/health/ready' }) },
  { name: "admin's sessions", weight: 2, expected: 200, run: asAdmin('/api/admin/sessions?active=true&limit=100') },
  { name: "admin's users", weight: 2, expected: 200, run: asAdmin('/api/admin/users?search=person') },
  { name: "admin's events", weight: 2, expected: 200, run: asAdmin('/api/admin/events?limit=100') },
  { name: 'feed opened and closed', weight: 3, expected: 200, run: followFeed },
];
