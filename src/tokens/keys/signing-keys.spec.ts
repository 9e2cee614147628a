import type { AppConfig } from '../../config/app-config.js';
import { TokenStaleError } from '../../security/security.errors.js';
import type { JwsHeader } from '../access/compact-jws.js';
import { SigningKeys } from './signing-keys.js';
import { generateSigningKey } from './signing-key.js';
import type { SigningKey } from './signing-key.js';
import type { LiveKey, StoredKeys } from './stored-keys.js';

const config = { tokens: { algorithm: 'ES256', jwtSecrets: [] } } as unknown as AppConfig;
const live = (key: SigningKey, state: LiveKey['state']): LiveKey => ({
  kid: key.kid,
  algorithm: key.algorithm,
  state,
  createdAt: new Date(0),
  activatesAt: null,
  activatedAt: null,
  retiresAt: null,
  retiredAt: null,
  key,
});
const headerOf = ({ kid }: SigningKey): JwsHeader => ({ alg: 'ES256', kid });

describe('SigningKeys, reading again what another instance changes', () => {
  let old: SigningKey;
  let next: SigningKey;
  beforeAll(async () => {
    [old, next] = await Promise.all([generateSigningKey('ES256'), generateSigningKey('ES256')]);
  });

  it('still know a key that is taken out of use between the two reads', async () => {
    const table = { live: [live(old, 'active'), live(next, 'pending')], retired: [] as string[] };
    const read = <Read>(of: (now: typeof table) => Read) => {
      const found = of(table);
      Object.assign(table, { live: [live(next, 'active')], retired: [old.kid] });
      return Promise.resolve(found);
    };
    const stored = { readLive: () => read((now) => now.live), readRetired: () => read((now) => now.retired) };
    const keys = new SigningKeys(stored as unknown as StoredKeys, config);
    await keys.reload();
    expect((await keys.find(headerOf(old))).kid).toBe(old.kid);
  });

  it('do not go back to what a slower read, sent before, has found', async () => {
    const answers: ((found: LiveKey[]) => void)[] = [];
    const stored = {
      readLive: () => new Promise<LiveKey[]>((resolve) => answers.push(resolve)),
      readRetired: () => Promise.resolve([]),
    };
    const keys = new SigningKeys(stored as unknown as StoredKeys, config);
    const slow = keys.reload();
    const quick = keys.reload();
    answers[1]?.([live(next, 'active')]);
    await quick;
    answers[0]?.([live(old, 'active')]);
    await slow;
    expect(keys.signer().kid).toBe(next.kid);
  });

  it('find a key that was made after the read which an unknown one has just caused', async () => {
    const table = { live: [live(old, 'active')], reads: 0 };
    const stored = {
      readLive: () => {
        table.reads += 1;
        return Promise.resolve(table.live);
      },
      readRetired: () => Promise.resolve([]),
    };
    const keys = new SigningKeys(stored as unknown as StoredKeys, config);
    const stranger = await generateSigningKey('ES256');
    await expect(keys.find(headerOf(stranger))).rejects.toThrow();
    table.live = [live(old, 'active'), live(next, 'pending')];
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find(headerOf(next))));
    expect(new Set(found.map(({ kid }) => kid))).toEqual(new Set([next.kid]));
    expect(table.reads).toBe(2);
  });

  it('read nothing for a token of a key that is known to be out of use', async () => {
    const reads = { count: 0 };
    const stored = {
      readLive: () => {
        reads.count += 1;
        return Promise.resolve([live(next, 'active')]);
      },
      readRetired: () => Promise.resolve([old.kid]),
    };
    const keys = new SigningKeys(stored as unknown as StoredKeys, config);
    await keys.reload();
    await expect(keys.find(headerOf(old))).rejects.toThrow(TokenStaleError);
    expect(reads.count).toBe(1);
  });
});
