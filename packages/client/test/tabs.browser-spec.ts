/// <reference lib="dom" />
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBrowser, startSite } from '../../../test/support/browser.js';
import type { Site } from '../../../test/support/browser.js';
import { Chance, chaosSeed } from '../../../test/support/chance.js';
import { eventually } from '../../../test/support/eventually.js';
import { ADMIN, startTestApp } from '../../../test/support/test-app.js';
import type { TestApp } from '../../../test/support/test-app.js';
import { readable, refreshIn, stateOf, statusOfMe, withClient } from './client-page.js';
import { startLossyProxy } from './lossy-proxy.js';
import type { Fate, LossyProxy } from './lossy-proxy.js';

const TABS = 4;
/** In every third no answer to a refresh arrives at all. */
const ROUNDS = 9;
/** Well over the grace, so that only the key makes a repeat one; an access token lives for two or three of these. */
const ROUND_SECONDS = 400;

describe.each([
  { mode: 'cookie', keepIn: undefined },
  { mode: 'body', keepIn: 'localStorage' },
] as const)('several tabs of a real browser, refresh token in $mode', ({ mode, keepIn }) => {
  let service: TestApp;
  let proxy: LossyProxy;
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    site = await startSite();
    service = await startTestApp({ env: { CORS_ORIGINS: site.origin } });
    proxy = await startLossyProxy(service.api.url);
    browser = await startBrowser();
  });
  beforeEach(async () => {
    proxy.decide();
    await service.sql('DELETE FROM sessions');
    context = await browser.newContext();
    await withClient(context, { url: proxy.url, mode, ...(keepIn && { keepIn }) });
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await proxy.close();
    await service.close();
    await site.close();
  });

  const open = async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(site.origin);
    return page;
  };
  const signIn = (page: Page): Promise<void> =>
    page.evaluate(async (credentials) => {
      await window.client.signIn(credentials);
    }, ADMIN);
  const openSignedIn = async (count: number): Promise<readonly [Page, ...Page[]]> => {
    const first = await open();
    await signIn(first);
    const others = await Promise.all(Array.from({ length: count - 1 }, open));
    for (const page of others) expect((await stateOf(page)).status).toBe('signedIn');
    proxy.exchanges.length = 0;
    return [first, ...others];
  };
  const refreshes = (): number => proxy.to('/api/refresh').length;
  const reuses = async (): Promise<number> =>
    (await service.sql(`SELECT 1 FROM audit_events WHERE type = 'authn_token_reuse'`)).length;

  it('refresh once when all of them want to', async () => {
    const tabs = await openSignedIn(TABS);
    expect(await Promise.all(tabs.map(refreshIn))).toEqual(Array(TABS).fill(undefined));
    expect(refreshes()).toBe(1);
    expect(await Promise.all(tabs.map(statusOfMe))).toEqual(Array(TABS).fill(200));
    expect(refreshes()).toBe(1);
  });

  it('are never signed out by answers that are lost at random', async () => {
    const seed = chaosSeed();
    const chance = new Chance(seed);
    const tabs = await openSignedIn(TABS);
    const before = await Promise.all(tabs.map(stateOf));
    let lost = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const fates: readonly Fate[] = round % 3 === 1 ? ['lost'] : ['passes', 'lost', 'lost', 'cut'];
      proxy.decide(({ path }) => {
        const fate = path === '/api/refresh' ? chance.pick(fates) : 'passes';
        if (fate !== 'passes') lost += 1;
        return fate;
      });
      const reloaded = chance.pick(tabs);
      const outcomes = tabs.map((page) =>
        page === reloaded
          ? refreshIn(page).catch(() => 'reloaded')
          : chance.next() < 0.5
            ? refreshIn(page)
            : statusOfMe(page).catch(String),
      );
      await reloaded.reload();
      for (const outcome of await Promise.all(outcomes)) {
        expect([undefined, 200, 'unreachable', 'reloaded', expect.stringContaining('No answer')]).toContainEqual(
          outcome,
        );
      }
      await Promise.all(tabs.map(stateOf));
      service.clock.advance(ROUND_SECONDS);
    }
    proxy.decide();
    expect({ seed, statuses: await Promise.all(tabs.map(statusOfMe)) }).toEqual({
      seed,
      statuses: Array(TABS).fill(200),
    });
    expect(await Promise.all(tabs.map(stateOf))).toEqual(before);
    expect(lost).toBeGreaterThan(ROUNDS / 2);
    expect(await reuses()).toBe(0);
    expect(await service.sql('SELECT 1 FROM sessions WHERE revoked_at IS NULL')).toHaveLength(1);
  }, 180_000);

  it('repeat the refresh that a reload broke off, with its key', async () => {
    const [page] = await openSignedIn(1);
    proxy.decide(({ path }) => (path === '/api/refresh' ? 'lost' : 'passes'));
    void refreshIn(page).catch(() => undefined);
    await eventually(() => {
      expect(refreshes()).toBeGreaterThan(0);
    });
    // In the middle of it: the service has acted, and the page does not know.
    const keys = (): Set<unknown> => new Set(proxy.to('/api/refresh').map(({ headers }) => headers['idempotency-key']));
    const [key] = keys();
    service.clock.advance(3600);
    await page.reload();
    proxy.decide();
    expect(await statusOfMe(page)).toBe(200);
    expect([...keys()]).toEqual([key]);
    expect(await reuses()).toBe(0);
    expect((await stateOf(page)).status).toBe('signedIn');
  });

  it('all hear of a sign-out in one, and stay signed out', async () => {
    const tabs = await openSignedIn(TABS);
    await tabs[0].evaluate(() => window.client.signOut());
    for (const page of tabs) {
      await eventually(async () => {
        expect(await stateOf(page)).toEqual({ status: 'signedOut', reason: 'signed_out' });
      });
    }
    expect(await service.sql('SELECT 1 FROM sessions WHERE revoked_at IS NULL')).toHaveLength(0);
    expect(await Promise.all(tabs.map(statusOfMe))).toEqual(Array(TABS).fill(401));
    await tabs[1]?.reload();
    expect((await stateOf(tabs[0])).status).toBe('signedOut');
    const cookies = await context.cookies(proxy.url);
    expect(cookies.map(({ name }) => name)).not.toContain('__Host-refresh');
    expect(await readable(tabs[0])).not.toMatch(/rt_|eyJ/);
  });

  it('hear of a sign-out though a refresh is under way', async () => {
    const tabs = await openSignedIn(2);
    let arrive: () => void = () => undefined;
    proxy.decide(({ path }) =>
      path === '/api/refresh' ? new Promise<void>((resolve) => (arrive = resolve)) : 'passes',
    );
    const refreshing = refreshIn(tabs[0]);
    await eventually(() => {
      expect(refreshes()).toBe(1);
    });
    const leaving = tabs[1]?.evaluate(() => window.client.signOut());
    await eventually(async () => {
      expect((await stateOf(tabs[0])).status).toBe('signedOut');
    });
    arrive();
    await Promise.all([refreshing, leaving]);
    expect((await Promise.all(tabs.map(stateOf))).map(({ status }) => status)).toEqual(['signedOut', 'signedOut']);
    expect(await service.sql('SELECT 1 FROM sessions WHERE revoked_at IS NULL')).toHaveLength(0);
  });

  it('all hear of a sign-in in one, also one that replaces another', async () => {
    const tabs = [await open(), await open()] as const;
    expect((await Promise.all(tabs.map(stateOf))).map(({ status }) => status)).toEqual(['signedOut', 'signedOut']);
    for (let times = 0; times < 2; times++) {
      await signIn(tabs[times as 0 | 1]);
      await eventually(async () => {
        const [one, two] = await Promise.all(tabs.map(stateOf));
        expect(one).toEqual({ status: 'signedIn', sessionId: expect.any(String) as string });
        expect(two).toEqual(one);
      });
    }
    expect(await Promise.all(tabs.map(statusOfMe))).toEqual([200, 200]);
  });

  it('all hear of a session that was ended elsewhere', async () => {
    const tabs = await openSignedIn(2);
    const admin = await service.api.signIn(ADMIN);
    await service.api.delete('/api/me/sessions', admin.accessToken);
    expect(await statusOfMe(tabs[0])).toBe(401);
    await eventually(async () => {
      expect(await stateOf(tabs[1] ?? tabs[0])).toEqual({ status: 'signedOut', reason: 'token_revoked' });
    });
  });
});

describe('in a real browser, tokens', () => {
  let service: TestApp;
  let site: Site;
  let browser: Browser;

  beforeAll(async () => {
    site = await startSite();
    service = await startTestApp({ env: { CORS_ORIGINS: site.origin } });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
    await site.close();
  });

  it.each(['cookie', 'body'] as const)('are in memory alone unless asked otherwise: %s', async (mode) => {
    const context = await browser.newContext();
    await withClient(context, { url: service.api.url, mode });
    const page = await context.newPage();
    const other = await context.newPage();
    await Promise.all([page.goto(site.origin), other.goto(site.origin)]);
    await page.evaluate(async (credentials) => {
      await window.client.signIn(credentials);
      await window.client.refresh();
    }, ADMIN);
    expect(await statusOfMe(page)).toBe(200);
    // Neither an access token (a JWT), nor a refresh token, nor a device token.
    expect(await readable(page)).not.toMatch(/eyJ|rt_|dt_|oken/);
    if (mode === 'body') {
      // Each page for itself.
      expect((await stateOf(other)).status).toBe('signedOut');
      await page.reload();
      expect((await stateOf(page)).status).toBe('signedOut');
    }
    await context.close();
  });
});
