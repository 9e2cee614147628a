import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../test/support/eventually.js';
import { ScriptedGatehouse, newKey } from '../test/support/scripted-gatehouse.js';
import { RevocationUnknownError, VerifierError, VerifierSetupError } from './errors.js';
import type { VerifierOptions } from './options.js';
import type { VerifierStatus } from './status.js';
import type { Verifier } from './verifier.js';

let gatehouse: ScriptedGatehouse;
let open: Verifier[];

beforeEach(async () => {
  gatehouse = await ScriptedGatehouse.start();
  open = [];
});
afterEach(async () => {
  for (const verifier of open) verifier.close();
  await gatehouse.close();
});

function start(options: Partial<VerifierOptions> = {}): Verifier {
  const verifier = gatehouse.verifier(options);
  open.push(verifier);
  return verifier;
}

async function startReady(options: Partial<VerifierOptions> = {}): Promise<Verifier> {
  const verifier = start(options);
  await verifier.ready();
  return verifier;
}

const verdict = async (verifier: Verifier, token: string): Promise<string> => {
  try {
    await verifier.verify(token);
    return 'granted';
  } catch (error) {
    if (error instanceof VerifierError) return error.code;
    throw error;
  }
};

const soon = (verifier: Verifier, token: string, expected: string, withinMs?: number): Promise<void> =>
  eventually(async () => {
    expect(await verdict(verifier, token)).toBe(expected);
  }, withinMs);

const SESSION = '0198c7a0-0000-7000-8000-000000000001';
const USER = '0198c7a0-0000-7000-8000-000000000002';

describe('before everything is loaded', () => {
  it('nothing is accepted, with failOpen neither', async () => {
    gatehouse.isTelling = false;
    gatehouse.entries = [{ kind: 'session', subject: SESSION, expiresAt: '2100-01-01T00:00:00Z' }];
    const verifiers = [start(), start({ failOpen: true })];
    await eventually(() => {
      expect(verifiers.map((verifier) => verifier.status())).toMatchObject([
        { state: 'starting', revocations: 1, keys: 1 },
        { state: 'starting', revocations: 1, keys: 1 },
      ]);
    });
    for (const each of verifiers) expect(await verdict(each, gatehouse.token())).toBe('revocation_unknown');
    gatehouse.tell('ready', '{}', 'p0');
    for (const each of verifiers) {
      await each.ready();
      expect(await verdict(each, gatehouse.token())).toBe('granted');
      expect(await verdict(each, gatehouse.token({ sid: SESSION }))).toBe('token_revoked');
    }
  });

  it('nor while there is a feed but no key, until there is one', async () => {
    gatehouse.keySet = { status: 500, body: '' };
    const verifier = start();
    await eventually(() => {
      expect(verifier.status()).toMatchObject({
        state: 'starting',
        lastError: expect.stringContaining('500') as string,
      });
    });
    expect(await verdict(verifier, gatehouse.token())).toBe('revocation_unknown');
    gatehouse.publish(gatehouse.key);
    await verifier.ready();
    expect(await verdict(verifier, gatehouse.token())).toBe('granted');
  });

  it('ready() waits for a service that is away, and for no longer than its caller', async () => {
    const away = createServer().listen(0, '127.0.0.1');
    await once(away, 'listening');
    const { port } = away.address() as AddressInfo;
    away.close();
    const verifier = start({ baseUrl: `http://127.0.0.1:${port}` });
    const reason = new Error('too long');
    await expect(verifier.ready({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(verifier.ready({ signal: AbortSignal.timeout(300) })).rejects.toThrow('timeout');
    expect(verifier.status()).toMatchObject({
      state: 'starting',
      lastError: expect.stringMatching(/ECONNREFUSED/) as string,
    });
    verifier.close();
    await expect(verifier.ready()).rejects.toThrow('closed');
  });

  it('ready() rejects where waiting does not help', async () => {
    gatehouse.feedAnswer = { status: 401 };
    await expect(start().ready()).rejects.toThrow(VerifierSetupError);
    gatehouse.feedAnswer = undefined;
    gatehouse.keySet = { status: 200, body: '{"keys":[]}' };
    await expect(start().ready()).rejects.toThrow('HS256');
  });

  it.each<[string, Partial<VerifierOptions>]>([
    ['no secret', { clientSecret: '' }],
    ['an address that is none', { baseUrl: 'gatehouse' }],
    ['http beyond the loopback', { baseUrl: 'http://gatehouse.internal:3000' }],
    ['http to a name that begins as the loopback does', { baseUrl: 'http://127.0.0.1.evil.example' }],
    ['another protocol', { baseUrl: 'ftp://127.0.0.1' }],
    ['a staleness that is always exceeded', { maxStalenessSeconds: 1 }],
    ['a staleness without an end', { maxStalenessSeconds: Infinity }],
    ['a life that no token has', { maxTokenLifeSeconds: 3_601 }],
    ['a number that is none', { maxRevocations: NaN }],
  ])('%s is refused at once', (_, options) => {
    expect(() => start(options)).toThrow(VerifierSetupError);
  });

  it('http beyond the loopback is possible where that is asked for', () => {
    expect(start({ baseUrl: 'http://gatehouse.invalid', allowHttp: true }).status().state).toBe('starting');
  });
});

describe('what is revoked', () => {
  it('is refused as soon as it is told, also where the token is remembered', async () => {
    const verifier = await startReady();
    const jti = '0198c7a0-0000-7000-8000-000000000003';
    const tokens = { session: gatehouse.token({ sid: SESSION }), token: gatehouse.token({ jti }) };
    const user = gatehouse.token({ sub: USER, ver: 3 });
    for (const token of [tokens.session, tokens.token, user]) expect(await verdict(verifier, token)).toBe('granted');
    expect(verifier.status().rememberedTokens).toBe(3);
    gatehouse.revoke({ kind: 'session', subject: SESSION });
    gatehouse.revoke({ kind: 'token', subject: jti });
    gatehouse.revoke({ kind: 'user', subject: USER, minimum: 4 });
    await soon(verifier, tokens.session, 'token_revoked');
    await soon(verifier, tokens.token, 'token_revoked');
    await soon(verifier, user, 'token_stale');
    expect(await verdict(verifier, gatehouse.token({ sub: USER, ver: 4 }))).toBe('granted');
  });

  it('is everyone’s where the era is raised, but for a session that is named as spared: a refresh mends that', async () => {
    const verifier = await startReady();
    const [one, spared] = [gatehouse.token({ era: 1 }), gatehouse.token({ era: 1, sid: SESSION })];
    gatehouse.revoke({ kind: 'era', subject: '*', minimum: 2, spared: SESSION });
    await soon(verifier, one, 'token_revoked');
    expect(await verdict(verifier, spared)).toBe('token_stale');
    expect(await verdict(verifier, gatehouse.token({ era: 2 }))).toBe('granted');
  });

  it('is not overlooked where it cannot be understood, or held: nothing is accepted then', async () => {
    const verifier = await startReady({ maxStalenessSeconds: 2, maxRevocations: 2 });
    const token = gatehouse.token();
    for (const subject of ['a', 'b', 'c']) gatehouse.revoke({ kind: 'session', subject });
    await soon(verifier, token, 'revocation_unknown');
    expect(verifier.status()).toMatchObject({
      state: 'stale',
      revocations: 2,
      lastError: expect.stringContaining('2') as string,
    });
  });
});

describe('a feed that is cut', () => {
  it('is gone on with from where it was, and what happened meanwhile is learnt', async () => {
    const verifier = await startReady();
    gatehouse.revoke({ kind: 'session', subject: 'a' });
    await eventually(() => {
      expect(verifier.status().revocations).toBe(1);
    });
    const token = gatehouse.token({ sid: SESSION });
    expect(await verdict(verifier, token)).toBe('granted');
    gatehouse.feedAnswer = { status: 503 };
    gatehouse.cut();
    await eventually(() => {
      expect(verifier.status().connections).toBeGreaterThan(2);
    });
    // What is known is not too old yet.
    expect(await verdict(verifier, token)).toBe('granted');
    gatehouse.revoke({ kind: 'session', subject: SESSION });
    gatehouse.feedAnswer = undefined;
    await soon(verifier, token, 'token_revoked');
    expect(gatehouse.askedFrom[0]).toBeUndefined();
    expect(new Set(gatehouse.askedFrom.slice(1))).toEqual(new Set(['p1']));
  });

  it('is waited for as long as the server asks', async () => {
    gatehouse.feedAnswer = { status: 429, headers: { 'retry-after': '1' } };
    const asked = performance.now();
    const verifier = start();
    await eventually(() => {
      expect(gatehouse.askedFrom).toHaveLength(2);
    });
    expect(performance.now() - asked).toBeGreaterThan(950);
    verifier.close();
  });

  it('closes the verifier’s doors after the time that was chosen, and opens them when it is back', async () => {
    const states: string[] = [];
    const verifier = await startReady({
      maxStalenessSeconds: 2,
      onStatus: ({ state }) => {
        states.push(state);
        throw new Error('a hook may fail');
      },
    });
    const token = gatehouse.token();
    expect(await verdict(verifier, token)).toBe('granted');
    const silentSince = performance.now();
    gatehouse.isTelling = false;
    await soon(verifier, token, 'revocation_unknown');
    const closedAfterMs = performance.now() - silentSince;
    expect(closedAfterMs).toBeGreaterThan(1_800);
    // A second more, in which a feed that comes back is waited for.
    expect(closedAfterMs).toBeLessThan(3_500);
    expect(verifier.status()).toMatchObject({ state: 'stale', failingOpen: false, acceptedUnknown: 0 });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'revocation_unknown', retryAfterSeconds: 1 });
    gatehouse.isTelling = true;
    gatehouse.cut();
    await soon(verifier, token, 'granted', 10_000);
    expect(states).toEqual(['current', 'stale', 'current']);
  });

  it('leaves them open where that was asked for, and says so', async () => {
    const verifier = await startReady({ maxStalenessSeconds: 2, failOpen: true });
    const token = gatehouse.token();
    gatehouse.revoke({ kind: 'session', subject: SESSION });
    await soon(verifier, gatehouse.token({ sid: SESSION }), 'token_revoked');
    gatehouse.isTelling = false;
    await eventually(() => {
      expect(verifier.status()).toMatchObject({ state: 'stale', failingOpen: true });
    });
    expect(await verdict(verifier, token)).toBe('granted');
    expect(await verdict(verifier, gatehouse.token({ sid: SESSION }))).toBe('token_revoked');
    expect(verifier.status().acceptedUnknown).toBe(1);
  });

  it('holds a request up for a second, and lets it in where the feed comes back within that', async () => {
    const verifier = await startReady({ maxStalenessSeconds: 2 });
    const token = gatehouse.token();
    gatehouse.isTelling = false;
    const stale = (): void => {
      expect(verifier.status().stalenessMs).toBeGreaterThan(2_000);
    };
    await eventually(stale);
    const asked = verdict(verifier, token);
    const aborted = verifier.verify(token, { signal: AbortSignal.timeout(50) });
    gatehouse.isTelling = true;
    await expect(aborted).rejects.toThrow('timeout');
    gatehouse.cut();
    expect(await asked).toBe('granted');
  });

  it('is given up where it says nothing before it is ready', async () => {
    gatehouse.isTelling = false;
    const verifier = start();
    await eventually(() => {
      expect(verifier.status().connections).toBeGreaterThan(1);
    }, 8_000);
    expect(verifier.status().lastError).toContain('nothing');
  });
});

describe('keys', () => {
  it('that are new are fetched, once for all who ask, and no more often than every two seconds', async () => {
    const verifier = await startReady();
    const fetchesBefore = gatehouse.keySetFetches;
    const fetches = (): number => gatehouse.keySetFetches - fetchesBefore;
    const key = newKey();
    gatehouse.publish(gatehouse.key, key);
    const tokens = Array.from({ length: 20 }, () => gatehouse.token({}, { key }));
    expect(new Set(await Promise.all(tokens.map((token) => verdict(verifier, token))))).toEqual(new Set(['granted']));
    expect(fetches()).toBe(1);
    const made = Array.from({ length: 50 }, () => gatehouse.token({}, { header: { kid: newKey().kid } }));
    expect(new Set(await Promise.all(made.map((token) => verdict(verifier, token))))).toEqual(
      new Set(['token_invalid']),
    );
    expect(fetches()).toBe(2);
    // What is no thumbprint is not looked for.
    expect(await verdict(verifier, gatehouse.token({}, { header: { kid: 'x' } }))).toBe('token_invalid');
    expect(fetches()).toBe(2);
  });

  it('that are no longer published are forgotten, and with them what they have signed', async () => {
    const verifier = await startReady();
    const token = gatehouse.token();
    expect(await verdict(verifier, token)).toBe('granted');
    const next = newKey();
    gatehouse.publish(next);
    expect(await verdict(verifier, gatehouse.token({}, { key: next }))).toBe('granted');
    expect(await verdict(verifier, token)).toBe('token_stale');
    expect(await verdict(verifier, gatehouse.token())).toBe('token_stale');
  });

  it('that are revoked are not used again, though somebody publishes them still', async () => {
    const verifier = await startReady();
    const token = gatehouse.token();
    const next = newKey();
    gatehouse.publish(gatehouse.key, next);
    gatehouse.revoke({ kind: 'key', subject: gatehouse.key.kid });
    await soon(verifier, token, 'token_stale');
    // The key set is fetched again for that.
    await soon(verifier, gatehouse.token({}, { key: next }), 'granted');
    expect(verifier.status().keys).toBe(1);
    expect(await verdict(verifier, gatehouse.token())).toBe('token_stale');
  });

  it('that are known stay where the key set is not answered, or with something else, and others cannot be told', async () => {
    const answers = [
      { status: 503, body: '' },
      { status: 200, body: '<html>' },
      { status: 200, body: '{"keys":[]}' },
      { status: 200, body: 'null' },
      { status: 200, body: JSON.stringify({ keys: [], pad: 'x'.repeat(70_000) }) },
    ];
    // At the same time, as each is asked again after two seconds.
    const asked = answers.map(async (keySet) => {
      const own = await ScriptedGatehouse.start();
      const verifier = own.verifier();
      try {
        await verifier.ready();
        own.keySet = keySet;
        const unknown = verifier.verify(own.token({}, { key: newKey() }));
        await expect(unknown).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
        expect(await verdict(verifier, own.token())).toBe('granted');
      } finally {
        verifier.close();
        await own.close();
      }
    });
    await Promise.all(asked);
    expect.assertions(2 * answers.length);
  });

  it('of another form are not taken', async () => {
    const [renamed, ours] = [newKey(), gatehouse.key];
    const others = [
      { ...renamed.jwk, kid: ours.kid },
      { ...newKey().jwk, kid: 'x' },
      { ...newKey().jwk, use: 'enc' },
      { ...newKey().jwk, alg: 'EdDSA' },
      { kty: 'oct', k: 'AAAA', alg: 'HS256', use: 'sig', kid: 'x' },
      null,
    ];
    gatehouse.keySet = { status: 200, body: JSON.stringify({ keys: [ours.jwk, ...others] }) };
    const verifier = await startReady();
    expect(verifier.status().keys).toBe(1);
    expect(await verdict(verifier, gatehouse.token())).toBe('granted');
  });
});

describe('time', () => {
  it('ends a token that is remembered', async () => {
    let offsetMs = 0;
    const verifier = await startReady({ now: () => Date.now() + offsetMs });
    const token = gatehouse.token();
    expect(await verdict(verifier, token)).toBe('granted');
    offsetMs = 899_000;
    await soon(verifier, token, 'granted');
    offsetMs = 901_000;
    await soon(verifier, token, 'token_expired');
  });

  it('that goes back brings nothing back that was revoked', async () => {
    let offsetMs = 0;
    const verifier = await startReady({ now: () => Date.now() + offsetMs });
    const token = gatehouse.token({ sid: SESSION });
    gatehouse.revoke({ kind: 'session', subject: SESSION });
    await soon(verifier, token, 'token_revoked');
    offsetMs = -600_000;
    await eventually(() => {
      expect(verifier.status().lastError).toContain('set back');
      expect(verifier.status().state).toBe('current');
    });
    expect(gatehouse.askedFrom.at(-1)).toBeUndefined();
  });
});

describe('a verifier that is closed', () => {
  it('refuses everything, and hangs up', async () => {
    const states: string[] = [];
    const closing = new AbortController();
    const verifier = await startReady({
      signal: closing.signal,
      onStatus: ({ state }: VerifierStatus) => states.push(state),
    });
    expect(await verdict(verifier, gatehouse.token())).toBe('granted');
    closing.abort();
    await expect(verifier.verify(gatehouse.token())).rejects.toThrow(RevocationUnknownError);
    await eventually(() => {
      expect(gatehouse.streams.size).toBe(0);
    });
    expect(states).toEqual(['current', 'closed']);
    expect(gatehouse.askedFrom).toHaveLength(1);
  });
});
