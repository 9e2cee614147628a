import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { MfaChallenges } from '../src/auth/mfa/mfa-challenges.js';
import type { MfaChallenge } from '../src/auth/mfa/mfa-challenges.js';
import type { AppConfig } from '../src/config/app-config.js';
import { DataKeys } from '../src/crypto/data-keys.js';
import { addSeconds } from '../src/shared/clock.js';
import { newId, newUserId } from '../src/shared/ids.js';
import type { UserId } from '../src/shared/ids.js';
import { Secret } from '../src/shared/secret.js';
import type { Account } from '../src/users/account.js';
import { requireEmail } from '../src/users/email-address.js';
import { SecondFactors } from '../src/users/mfa/second-factors.js';
import type { FactorProof } from '../src/users/mfa/second-factors.js';
import { Authenticator } from './support/authenticator.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import './support/property-tests.js';
import { randomSecret } from './support/test-app.js';
import { TestClock } from './support/test-clock.js';

const STEP_SECONDS = 30;
const MINUTE = 60;
/** In the middle of a step. */
const START = new Date('2026-11-24T06:14:15Z');

/** Stands still, so that a code belongs to the step that the test means. */
class StoppedClock extends TestClock {
  constructor(private at: Date) {
    super();
  }
  override now(): Date {
    return this.at;
  }
  override advance(seconds: number): void {
    this.at = addSeconds(this.at, seconds);
  }
}

type Owner = Pick<Account, 'id' | 'email' | 'credentialVersion'>;
interface Enrolled extends Owner {
  readonly app: Authenticator;
  readonly recoveryCodes: readonly string[];
}

let database: TestDatabase;
let dataSource: DataSource;
let keys: DataKeys;
let factors: SecondFactors;
let challenges: MfaChallenges;
let clock: StoppedClock;
let users = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource({ type: 'postgres', url: database.url, extra: { max: 20 } }).initialize();
  const parts = {
    http: { publicUrl: 'https://auth.example.com' },
    sessions: { refreshSecrets: [new Secret(randomSecret())] },
  };
  const config = parts as unknown as AppConfig;
  keys = new DataKeys(dataSource, new TestClock(), config);
  factors = new SecondFactors(dataSource, keys, config);
  challenges = new MfaChallenges(dataSource, keys);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  clock = new StoppedClock(START);
  await dataSource.query('DELETE FROM users');
});

const owner = async (): Promise<Owner> => {
  const user = { id: newUserId(), email: requireEmail(`user${++users}@example.com`), credentialVersion: 1 };
  await dataSource.query('INSERT INTO users (id, email, created_at) VALUES ($1, $2, $3)', [user.id, user.email, START]);
  return user;
};
const begin = async (of: Owner): Promise<Authenticator> => {
  const key = await factors.begin(of, clock.now());
  if (!key) throw new Error('no enrolment was begun');
  return new Authenticator(key.secret, clock);
};
const enrolled = async (): Promise<Enrolled> => {
  const user = await owner();
  const app = await begin(user);
  const checked = await factors.checkEnrolment(user.id, app.code(), clock.now());
  if (!checked) throw new Error('the code was refused');
  const codes = await factors.newRecoveryCodes(user.id);
  const confirmed = await dataSource.transaction((tx) => factors.confirm(tx, user.id, checked, codes, clock.now()));
  expect(confirmed).toBe(true);
  return { ...user, app, recoveryCodes: codes.printed };
};
const totp = (code: string): FactorProof => ({ kind: 'totp', code });
const recovery = (code = ''): FactorProof => ({ kind: 'recovery_code', code });
const use = ({ id }: Owner, proof: FactorProof): Promise<boolean> => factors.use(id, proof, clock.now());
const times = <Result>(count: number, work: (at: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)));
const granted = (results: readonly boolean[]): number => results.filter((right) => right).length;
const all = <Row>(text: string, ...values: unknown[]): Promise<Row[]> => dataSource.query<Row[]>(text, values);
const isOn = async ({ id }: Owner): Promise<boolean | undefined> =>
  (await all<{ on: boolean }>('SELECT mfa_enabled AS on FROM users WHERE id = $1', id))[0]?.on;

/** Starts something while a change is uncommitted, and commits once it waits for that. */
const whileUncommitted = async <Result>(text: string, id: UserId, start: () => Promise<Result>): Promise<Result> =>
  onServer(async (query) => {
    await query('BEGIN');
    await query(text, [id]);
    const started = start();
    await eventually(async () => {
      const waiting = await all(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(waiting).toHaveLength(1);
    });
    await query('COMMIT');
    return started;
  }, database.url);
const CHANGE_CREDENTIAL = 'UPDATE users SET credential_version = credential_version + 1 WHERE id = $1';

describe('an enrolment', () => {
  it('gives a secret that the table does not hold in the clear, nor for another user', async () => {
    const [ada, eve] = [await enrolled(), await enrolled()];
    const begun = await owner();
    const secret = (await factors.begin(begun, clock.now()))?.secret ?? '';
    const [row] = await all<{ sealed: Buffer; row: string }>(
      'SELECT sealed_secret AS sealed, f::text AS row FROM totp_factors f WHERE user_id = $1',
      begun.id,
    );
    const plain = fromBase32(secret);
    expect(plain).toHaveLength(20);
    expect(row?.sealed.length).toBeGreaterThan(20);
    expect(row?.sealed.includes(plain)).toBe(false);
    expect(row?.row).not.toContain(secret);
    // Who can write to the table cannot give Eve's app to Ada.
    await dataSource.query(
      `UPDATE totp_factors SET sealed_secret = (SELECT sealed_secret FROM totp_factors WHERE user_id = $1) WHERE user_id = $2`,
      [eve.id, ada.id],
    );
    await expect(use(ada, totp(eve.app.nextCode()))).rejects.toThrow('does not open');
  });

  it('is not a second factor yet', async () => {
    const user = await owner();
    const app = await begin(user);
    expect(await use(user, totp(app.code()))).toBe(false);
    expect(await isOn(user)).toBe(false);
  });

  it('takes a code until it is 15 minutes old, and none from then on', async () => {
    const user = await owner();
    const app = await begin(user);
    clock.advance(15 * MINUTE - 1);
    expect(await factors.checkEnrolment(user.id, app.code(), clock.now())).toBeDefined();
    clock.advance(1);
    expect(await factors.checkEnrolment(user.id, app.code(), clock.now())).toBeUndefined();
  });

  it('takes no code of another user’s', async () => {
    const [ada, eve] = [await owner(), await owner()];
    await begin(ada);
    const app = await begin(eve);
    expect(await factors.checkEnrolment(ada.id, app.code(), clock.now())).toBeUndefined();
  });

  it('is not finished by a code of the one that it took the place of', async () => {
    const user = await owner();
    const app = await begin(user);
    const checked = await factors.checkEnrolment(user.id, app.code(), clock.now());
    const codes = await factors.newRecoveryCodes(user.id);
    await begin(user);
    if (!checked) throw new Error('the code was refused');
    expect(await factors.confirm(dataSource, user.id, checked, codes, clock.now())).toBe(false);
    expect(await isOn(user)).toBe(false);
    expect(await all('SELECT 1 FROM recovery_codes WHERE user_id = $1', user.id)).toEqual([]);
  });

  it('is finished once, however many do so, and only their recovery codes are good', async () => {
    const user = await owner();
    const app = await begin(user);
    const checked = await factors.checkEnrolment(user.id, app.code(), clock.now());
    if (!checked) throw new Error('the code was refused');
    const codes = await times(8, () => factors.newRecoveryCodes(user.id));
    const results = await times(8, (at) =>
      dataSource.transaction((tx) =>
        factors.confirm(tx, user.id, checked, codes[at] ?? { hashes: [], printed: [] }, clock.now()),
      ),
    );
    expect(granted(results)).toBe(1);
    for (const [at, confirmed] of results.entries()) {
      expect(await use(user, recovery(codes[at]?.printed[0]))).toBe(confirmed);
    }
    expect(await all('SELECT 1 FROM recovery_codes WHERE user_id = $1', user.id)).toHaveLength(9);
  });

  it('leaves one that is finished as it is', async () => {
    const user = await enrolled();
    expect(await factors.begin(user, clock.now())).toBeUndefined();
    expect(await use(user, totp(user.app.nextCode()))).toBe(true);
  });

  it('is not begun with a credential that has been changed, nor for an account that is gone', async () => {
    const [changed, gone] = [await owner(), await owner()];
    await dataSource.query(CHANGE_CREDENTIAL, [changed.id]);
    await dataSource.query('DELETE FROM users WHERE id = $1', [gone.id]);
    for (const user of [changed, gone]) expect(await factors.begin(user, clock.now())).toBeUndefined();
    expect(await all('SELECT 1 FROM totp_factors')).toEqual([]);
  });

  it.each([
    ['changed', CHANGE_CREDENTIAL],
    ['deleted', 'DELETE FROM users WHERE id = $1'],
  ])('waits for its account being %s, and is not begun then', async (_, text) => {
    const user = await owner();
    expect(await whileUncommitted(text, user.id, () => factors.begin(user, clock.now()))).toBeUndefined();
    expect(await all('SELECT 1 FROM totp_factors')).toEqual([]);
  });

  it('is one row, however often it is begun', async () => {
    const user = await owner();
    const secrets = await times(10, async () => (await factors.begin(user, clock.now()))?.secret);
    expect(new Set(secrets).size).toBe(10);
    expect(await all('SELECT 1 FROM totp_factors')).toHaveLength(1);
  });
});

describe('a code of the app', () => {
  it('is used once, however many have it at the same moment', async () => {
    const user = await enrolled();
    const code = user.app.nextCode();
    expect(granted(await times(20, () => use(user, totp(code))))).toBe(1);
    expect(await use(user, totp(code))).toBe(false);
  });

  it('is spent by the enrolment that it finished', async () => {
    const user = await enrolled();
    expect(await use(user, totp(user.app.code()))).toBe(false);
    expect(await use(user, totp(user.app.code(-1)))).toBe(false);
    expect(await use(user, totp(user.app.code(1)))).toBe(true);
  });

  it('is no other user’s, and that one’s is spent by nothing of the sort', async () => {
    const [ada, eve] = [await enrolled(), await enrolled()];
    const code = eve.app.nextCode();
    expect(await use(ada, totp(code))).toBe(false);
    expect(await use(await owner(), totp(code))).toBe(false);
    expect(await factors.use(newUserId(), totp(code), clock.now())).toBe(false);
    expect(await use(eve, totp(code))).toBe(true);
  });

  it('is accepted once a step, within one step of now, and never after a newer one', async () => {
    const wait = fc.integer({ min: 0, max: 3 });
    const steps = fc.integer({ min: -3, max: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(wait, steps), { minLength: 1, maxLength: 15 }), async (tries) => {
        clock = new StoppedClock(START);
        const user = await enrolled();
        let last = stepNow();
        for (const [waited, offset] of tries) {
          clock.advance(waited * STEP_SECONDS);
          const step = stepNow() + offset;
          const isDue = Math.abs(offset) <= 1 && step > last;
          expect(await use(user, totp(user.app.code(offset)))).toBe(isDue);
          if (isDue) last = step;
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is nothing in the place of a recovery code, nor the other way round', async () => {
    const user = await enrolled();
    expect(await use(user, recovery(user.app.nextCode()))).toBe(false);
    expect(await use(user, totp(user.recoveryCodes[0] ?? ''))).toBe(false);
    expect(await use(user, recovery(user.recoveryCodes[0]))).toBe(true);
  });
});

describe('recovery codes', () => {
  it('are ten different ones, of which the table holds keyed hashes bound to their owner', async () => {
    const user = await enrolled();
    expect(new Set(user.recoveryCodes).size).toBe(10);
    const stored = await all<{ hash: Buffer }>('SELECT code_hash AS hash FROM recovery_codes');
    expect(stored.map(({ hash }) => hash.length)).toEqual(Array<number>(10).fill(32));
    const [code = ''] = user.recoveryCodes;
    for (const text of [code, code.replaceAll('-', '')]) {
      expect(stored.some(({ hash }) => hash.includes(text))).toBe(false);
    }
    // The hash of one user's code is worth nothing in another's row.
    const eve = await enrolled();
    await dataSource.query('UPDATE recovery_codes SET user_id = $1 WHERE user_id = $2', [eve.id, user.id]);
    expect(await use(eve, recovery(code))).toBe(false);
  });

  it('are good once each, however many have one at the same moment', async () => {
    const user = await enrolled();
    const [first, ...others] = user.recoveryCodes;
    expect(granted(await times(20, () => use(user, recovery(first))))).toBe(1);
    for (const code of others) expect(await use(user, recovery(code.toLowerCase()))).toBe(true);
    for (const code of user.recoveryCodes) expect(await use(user, recovery(code))).toBe(false);
  });

  it('are no other user’s', async () => {
    const [ada, eve] = [await enrolled(), await enrolled()];
    expect(await use(ada, recovery(eve.recoveryCodes[0]))).toBe(false);
    expect(await use(eve, recovery(eve.recoveryCodes[0]))).toBe(true);
  });

  it('are replaced all at once', async () => {
    const user = await enrolled();
    const fresh = await factors.newRecoveryCodes(user.id);
    await dataSource.transaction((tx) => factors.replaceRecoveryCodes(tx, user.id, fresh));
    for (const code of user.recoveryCodes) expect(await use(user, recovery(code))).toBe(false);
    for (const code of fresh.printed) expect(await use(user, recovery(code))).toBe(true);
  });
});

describe('a second factor that is taken off', () => {
  it('is gone with its recovery codes, once, and another user’s stays', async () => {
    const [ada, eve] = [await enrolled(), await enrolled()];
    const removed = await times(6, () => dataSource.transaction((tx) => factors.remove(tx, ada.id)));
    expect(granted(removed)).toBe(1);
    expect(await isOn(ada)).toBe(false);
    expect(await use(ada, totp(ada.app.nextCode()))).toBe(false);
    expect(await use(ada, recovery(ada.recoveryCodes[0]))).toBe(false);
    expect(await use(eve, totp(eve.app.code()))).toBe(true);
    expect(await isOn(eve)).toBe(true);
  });

  it('takes an enrolment under way along', async () => {
    const user = await owner();
    const app = await begin(user);
    expect(await dataSource.transaction((tx) => factors.remove(tx, user.id))).toBe(false);
    expect(await factors.checkEnrolment(user.id, app.code(), clock.now())).toBeUndefined();
  });

  it('is unknown to the next one: its codes are refused', async () => {
    const user = await enrolled();
    await dataSource.transaction((tx) => factors.remove(tx, user.id));
    const app = await begin(user);
    expect(await factors.checkEnrolment(user.id, user.app.code(), clock.now())).toBeUndefined();
    expect(await factors.checkEnrolment(user.id, app.code(), clock.now())).toBeDefined();
  });
});

describe('the second step of a sign-in', () => {
  const challengeOf = ({ id, credentialVersion }: Owner): MfaChallenge => ({
    ...{ userId: id, credentialVersion, deviceId: undefined, deviceName: undefined, refreshTokenIn: 'body' },
  });
  const open = (of: Owner): Promise<string> => challenges.open(challengeOf(of), clock.now());
  const take = (mfaToken: string): Promise<MfaChallenge | undefined> => challenges.take(mfaToken, clock.now());
  const taken = async (mfaTokens: readonly string[]): Promise<number> =>
    (await Promise.all(mfaTokens.map(take))).filter((found) => found).length;

  it('has a token of 256 random bits, of which only a keyed hash is kept', async () => {
    const user = await owner();
    const tokens = await times(10, () => open(user));
    for (const token of tokens) expect(token).toMatch(/^mt_[A-Za-z0-9_-]{43}$/);
    expect(new Set(tokens).size).toBe(10);
    const stored = JSON.stringify(await all('SELECT c::text FROM mfa_challenges c'));
    for (const token of tokens) {
      expect(stored).not.toContain(token.slice(3));
      expect(stored).not.toContain(Buffer.from(token.slice(3), 'base64url').toString('hex'));
    }
  });

  it('remembers what the first one wanted', async () => {
    const user = await owner();
    const whole = { deviceId: newId(), deviceName: 'Ada’s laptop', refreshTokenIn: 'cookie' } as const;
    const mfaToken = await challenges.open({ ...challengeOf(user), ...whole }, clock.now());
    expect(await take(mfaToken)).toEqual({ ...challengeOf(user), ...whole });
    expect(await take(await open(user))).toEqual(challengeOf(user));
  });

  it('has five tries, of whatever number at the same moment', async () => {
    const mfaToken = await open(await owner());
    expect(await taken(Array<string>(20).fill(mfaToken))).toBe(5);
    expect(await take(mfaToken)).toBeUndefined();
  });

  it('has a try more for one that is given back, and never more than five', async () => {
    const mfaToken = await open(await owner());
    for (let time = 0; time < 3; time += 1) await challenges.giveBack(mfaToken);
    expect(await taken(Array<string>(9).fill(mfaToken))).toBe(5);
    await challenges.giveBack(mfaToken);
    expect(await taken(Array<string>(9).fill(mfaToken))).toBe(1);
  });

  it('lasts five minutes', async () => {
    const mfaToken = await open(await owner());
    clock.advance(5 * MINUTE - 1);
    expect(await take(mfaToken)).toBeDefined();
    clock.advance(1);
    expect(await take(mfaToken)).toBeUndefined();
  });

  it('ends once, however many end it', async () => {
    const user = await owner();
    const [mfaToken, other] = [await open(user), await open(user)];
    expect(granted(await times(10, () => dataSource.transaction((tx) => challenges.end(tx, mfaToken))))).toBe(1);
    expect(await take(mfaToken)).toBeUndefined();
    expect(await take(other)).toBeDefined();
  });

  it('does not end where the sign-in that would have ended it is undone', async () => {
    const mfaToken = await open(await owner());
    const undone = dataSource.transaction(async (tx) => {
      expect(await challenges.end(tx, mfaToken)).toBe(true);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await take(mfaToken)).toBeDefined();
  });

  it('is not looked for under a text of another form', async () => {
    const nowhere = new MfaChallenges(new DataSource({ type: 'postgres' }), keys);
    const mfaToken = await open(await owner());
    const texts = ['', 'mt_', mfaToken.slice(0, -1), `${mfaToken}A`, `${mfaToken}\n`, ` ${mfaToken}`, 'x'.repeat(8192)];
    const notBase64 = mfaToken.replace(/.$/, '=');
    for (const text of [...texts, notBase64, mfaToken.replace('mt_', 'rt_'), mfaToken.slice(3)]) {
      expect(await nowhere.take(text, clock.now())).toBeUndefined();
    }
    await expect(nowhere.take(mfaToken, clock.now())).rejects.toThrow();
  });

  it('is there at most twenty times a user, however many begin at the same moment; the oldest go', async () => {
    const [user, other] = [await owner(), await owner()];
    const others = await open(other);
    const [oldest, second] = [await open(user), await open(user)];
    clock.advance(1);
    const tokens = await times(60, () => open(user));
    expect(await all('SELECT 1 FROM mfa_challenges WHERE user_id = $1', user.id)).toHaveLength(20);
    expect(await taken([oldest, second])).toBe(0);
    expect(await taken(tokens)).toBe(20);
    clock.advance(1);
    const newest = await open(user);
    expect(await all('SELECT 1 FROM mfa_challenges WHERE user_id = $1', user.id)).toHaveLength(20);
    expect(await taken([newest, others])).toBe(2);
  });

  it.each([
    ['changed', CHANGE_CREDENTIAL],
    ['deleted', 'DELETE FROM users WHERE id = $1'],
  ])('does not begin where the account has been %s since the password was checked', async (_, text) => {
    const [user, waiting] = [await owner(), await owner()];
    await dataSource.query(text, [user.id]);
    expect(await take(await open(user))).toBeUndefined();
    const mfaToken = await whileUncommitted(text, waiting.id, () => open(waiting));
    expect(await take(mfaToken)).toBeUndefined();
    expect(await all('SELECT 1 FROM mfa_challenges')).toEqual([]);
  });
});

const stepNow = (): number => Math.floor(clock.now().getTime() / 1000 / STEP_SECONDS);

/** The bytes of a base 32 text (RFC 4648 §6). */
function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (character) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0'),
  ).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}
