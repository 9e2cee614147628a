import { makeCertificate } from '../support/certificate.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { RedisUnderTest } from '../support/redis-under-test.js';
import { HELD_UP_MS, QUOTA, ThrottledFleet, freshClient, passing, warnings } from '../support/throttled-fleet.js';

jest.setTimeout(90_000);

describe('a process of the built server that is given a Redis', () => {
  it('starts and is ready without its Redis, has limits, says so once, and shows it in its metrics', async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    await ThrottledFleet.ofOne({ REDIS_URL: nobody }, async (member, fleet) => {
      await fleet.eventuallyCount('alone');
      expect(await passing([member], freshClient())).toBe(QUOTA);
      expect((await member.api.get('/health/ready')).status).toBe(200);
      expect(warnings(member)).toBe(1);
    });
  });

  it('starts and is ready with one that hangs, and holds no request up for it', async () => {
    const redis = await RedisUnderTest.start();
    redis.pause();
    try {
      await ThrottledFleet.ofOne({ REDIS_URL: redis.url }, async (member, fleet) => {
        await fleet.eventuallyCount('alone');
        const startedAt = performance.now();
        expect(await passing([member], freshClient())).toBe(QUOTA);
        expect(performance.now() - startedAt).toBeLessThan(2 * QUOTA * HELD_UP_MS);
        redis.resume();
        await fleet.eventuallyCount('together');
      });
    } finally {
      redis.resume();
      await redis.stop();
    }
  });

  it('goes on where the password is wrong, and writes neither that one nor a right one', async () => {
    const [right, wrong] = ['p@ss word/right', 'p@ss word/wrong'];
    const redis = await RedisUnderTest.start(['--requirepass', right]);
    const urlWith = (password: string): string => redis.url.replace('//', `//:${encodeURIComponent(password)}@`);
    try {
      await ThrottledFleet.ofOne({ REDIS_URL: urlWith(wrong), LOG_LEVEL: 'debug' }, async (member, fleet) => {
        await fleet.eventuallyCount('alone');
        expect(member.output).toContain('WRONGPASS');
        expect(await passing([member], freshClient())).toBe(QUOTA);
        for (const form of [wrong, encodeURIComponent(wrong)]) expect(member.output).not.toContain(form);
      });
      await ThrottledFleet.ofOne({ REDIS_URL: urlWith(right), LOG_LEVEL: 'debug' }, async (member, fleet) => {
        await fleet.eventuallyCount('together');
        expect(warnings(member)).toBe(0);
        for (const form of [right, encodeURIComponent(right)]) expect(member.output).not.toContain(form);
      });
    } finally {
      await redis.stop();
    }
  });

  it('tells an operator that it is refused where it was lost for another reason first', async () => {
    const redis = await RedisUnderTest.start(['--requirepass', 'the-first']);
    const url = redis.url.replace('//', '//:the-first@');
    try {
      await ThrottledFleet.ofOne({ REDIS_URL: url, LOG_LEVEL: 'warn' }, async (member, fleet) => {
        await fleet.eventuallyCount('together');
        await redis.restart(['--requirepass', 'the-second']);
        await eventually(() => {
          expect(member.output).toContain('refuses this service (WRONGPASS)');
        }, 15_000);
        expect(warnings(member)).toBe(1);
      });
    } finally {
      await redis.stop();
    }
  });

  it('talks TLS to rediss://, and only to a server whose certificate it can check', async () => {
    const { certFile, keyFile } = makeCertificate();
    const port = await freePort();
    const tls = ['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile];
    const redis = await RedisUnderTest.start([...tls, '--tls-auth-clients', 'no']);
    const env = { REDIS_URL: `rediss://127.0.0.1:${port}` };
    try {
      await ThrottledFleet.ofOne({ ...env, NODE_EXTRA_CA_CERTS: certFile }, async (member, fleet) => {
        await fleet.eventuallyCount('together');
        expect(await passing([member], freshClient())).toBe(QUOTA);
      });
      await ThrottledFleet.ofOne(env, async (member, fleet) => {
        await fleet.eventuallyCount('alone');
        expect(member.output).toContain('self-signed certificate');
        expect(await passing([member], freshClient())).toBe(QUOTA);
      });
    } finally {
      await redis.stop();
    }
  });
});
