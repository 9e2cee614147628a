import { PasswordHasher } from '../src/users/password-hasher.js';
import { requireEmail } from '../src/users/email-address.js';
import { DecoyHashes } from '../src/users/passwords/decoy-hashes.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const BCRYPT = '$2y$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W';
const ARGON2ID = '$argon2id$v=19$m=12288,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI';
const OURS = '$argon2id$v=19$m=19456,t=2,p=1';

describe('decoys of password hashes', () => {
  let service: TestApp;
  let decoys: DecoyHashes;

  beforeAll(async () => {
    service = await startTestApp();
    decoys = service.app.get(DecoyHashes, { strict: false });
  });
  afterAll(() => service.close());

  const accounts = async (hash: string | null, count: number): Promise<void> => {
    await service.sql(
      `INSERT INTO users (id, email, password_hash, created_at)
       SELECT gen_random_uuid(), gen_random_uuid() || '@example.com', $1, now() FROM generate_series(1, $2)`,
      [hash, count],
    );
  };
  const emails = Array.from({ length: 2_000 }, (_, at) => requireEmail(`nobody${at}@example.com`));
  const sharesOf = async (): Promise<Record<string, number>> => {
    const shares: Record<string, number> = {};
    for (const email of emails) {
      const [scheme = ''] = /^(?:\$2b?y?\$\d\d|\$argon2id\$v=19\$[^$]+)/.exec(await decoys.of(email)) ?? [];
      shares[scheme] = (shares[scheme] ?? 0) + 1 / emails.length;
    }
    return shares;
  };

  it('are of the configured cost where all accounts are', async () => {
    expect(Object.keys(await sharesOf())).toEqual([OURS]);
  });

  it('are of the schemes that accounts have, in their proportions, and of no other', async () => {
    // Beside the admin's. One without a password, and one that cannot be read, count for nothing.
    await accounts(BCRYPT, 300);
    await accounts(ARGON2ID, 200);
    await accounts(`${OURS}$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI`, 499);
    await accounts(null, 50);
    await decoys.look(service.clock.now());
    const shares = await sharesOf();
    expect(Object.keys(shares).sort()).toEqual(['$2y$10', '$argon2id$v=19$m=12288,t=3,p=1', OURS].sort());
    expect(shares.$2y$10).toBeCloseTo(0.3, 1);
    expect(shares['$argon2id$v=19$m=12288,t=3,p=1']).toBeCloseTo(0.2, 1);
  });

  it('stay the same for an address, and match nothing', async () => {
    const hasher = service.app.get(PasswordHasher, { strict: false });
    for (const email of emails.slice(0, 12)) {
      const decoy = await decoys.of(email);
      expect(await decoys.of(email)).toBe(decoy);
      expect(await hasher.verify(decoy, '')).toBe('mismatch');
    }
  });

  it('follow the accounts as their hashes are replaced', async () => {
    await service.sql(`UPDATE users SET password_hash = $1 WHERE password_hash LIKE '$2%'`, [ARGON2ID]);
    service.clock.advance(10 * 60 + 1);
    await decoys.look(service.clock.now());
    expect(Object.keys(await sharesOf())).not.toContain('$2y$10');
  });
});
