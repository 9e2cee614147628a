/// <reference lib="dom" />
import type { Browser, Page } from 'playwright-core';
import { startBrowser, startSite } from '../support/browser.js';
import type { Site } from '../support/browser.js';
import { ADMIN, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

interface Answer {
  /** 0 where the browser kept the answer from the page, or did not ask at all. */
  readonly status: number;
  readonly body: { readonly code?: string; readonly accessToken?: string; readonly refreshToken?: string };
}
interface Call {
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const GUARD = { 'X-Gatehouse': '1', 'Content-Type': 'application/json' };

describe('in a real browser, a refresh token in a cookie', () => {
  let service: TestApp;
  let browser: Browser;
  /** The frontend; a page of the same site that is not listed; one of another site. */
  let frontend: Site, neighbour: Site, stranger: Site;

  beforeAll(async () => {
    [frontend, neighbour, stranger] = await Promise.all([startSite(), startSite(), startSite('localhost')]);
    service = await startTestApp({ env: { CORS_ORIGINS: frontend.origin } });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
    await Promise.all([frontend.close(), neighbour.close(), stranger.close()]);
  });

  /** Calls the service from a page, as its script would. */
  const post = (page: Page, path: string, { json = {}, headers = GUARD }: Call = {}): Promise<Answer> =>
    page.evaluate(
      async ([url, body, fields]) => {
        try {
          const response = await fetch(url, { method: 'POST', credentials: 'include', headers: fields, body });
          const text = await response.text();
          return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
        } catch {
          return { status: 0, body: {} };
        }
      },
      [`${service.api.url}${path}`, JSON.stringify(json), { ...headers }] as const,
    );
  const open = async (page: Page, site: Site): Promise<void> => {
    await page.goto(site.origin);
  };
  const signIn = (page: Page): Promise<Answer> =>
    post(page, '/api/login', { json: { ...ADMIN, refreshTokenIn: 'cookie' } });

  it('is kept from scripts, refreshes, survives a reload, and ends with the sign-out', async () => {
    const page = await browser.newPage();
    await open(page, frontend);
    const login = await signIn(page);
    expect(login.status).toBe(200);
    expect(login.body.refreshToken).toBeUndefined();
    expect(await page.evaluate(() => document.cookie)).toBe('');
    const cookies = await page.context().cookies(service.api.url);
    expect(
      cookies.map(({ name, httpOnly, secure, sameSite, path }) => [name, httpOnly, secure, sameSite, path]),
    ).toEqual(
      expect.arrayContaining([
        ['__Host-refresh', true, true, 'Strict', '/'],
        ['__Host-device', true, true, 'Strict', '/'],
      ]),
    );

    await page.reload();
    const refreshed = await post(page, '/api/refresh');
    expect(refreshed.status).toBe(200);
    expect(refreshed.body.accessToken).toEqual(expect.any(String));

    expect((await post(page, '/api/logout')).status).toBe(204);
    expect((await page.context().cookies(service.api.url)).map(({ name }) => name)).toEqual(['__Host-device']);
    expect((await post(page, '/api/refresh')).status).toBe(401);
    expect((await service.api.get('/api/me', refreshed.body.accessToken)).status).toBe(401);
    await page.context().close();
  });

  it('is of no use to a page of the same site that is not listed, though the browser sends it', async () => {
    const page = await browser.newPage();
    await open(page, frontend);
    const { body } = await signIn(page);
    await open(page, neighbour);
    // With its guard the call needs a preflight, which is refused; without, it is sent, and refused by the service.
    expect((await post(page, '/api/refresh')).status).toBe(0);
    const plain = { 'Content-Type': 'text/plain' };
    expect((await post(page, '/api/logout', { headers: plain })).status).toBe(0);
    expect((await service.api.get('/api/me', body.accessToken)).status).toBe(200);
    await open(page, frontend);
    expect((await post(page, '/api/refresh')).status).toBe(200);
    await page.context().close();
  });

  it('is not ended by a form that a page of the same site sends', async () => {
    const page = await browser.newPage();
    await open(page, frontend);
    const { body } = await signIn(page);
    await open(page, neighbour);
    const answer = page.waitForResponse((response) => response.url().startsWith(service.api.url));
    await page.evaluate((action) => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', enctype: 'text/plain', action });
      document.body.append(form);
      form.submit();
    }, `${service.api.url}/api/logout`);
    const response = await answer;
    // The cookie was sent: it is of the same site.
    expect((await response.request().allHeaders()).cookie).toContain('__Host-refresh=');
    expect([403, 415]).toContain(response.status());
    expect((await service.api.get('/api/me', body.accessToken)).status).toBe(200);
    await page.context().close();
  });

  it('does not reach the service from another site', async () => {
    const page = await browser.newPage();
    await open(page, frontend);
    const { body } = await signIn(page);
    await open(page, stranger);
    const request = page.waitForRequest((sent) => sent.url().endsWith('/api/logout'));
    expect((await post(page, '/api/logout', { headers: { 'Content-Type': 'text/plain' } })).status).toBe(0);
    expect((await (await request).allHeaders()).cookie).toBeUndefined();
    expect((await post(page, '/api/refresh')).status).toBe(0);
    expect((await service.api.get('/api/me', body.accessToken)).status).toBe(200);
    await page.context().close();
  });

  it('is shared by tabs: the later of two refreshes goes on from the earlier', async () => {
    const context = await browser.newContext();
    const [one, two] = [await context.newPage(), await context.newPage()];
    await open(one, frontend);
    await open(two, frontend);
    await signIn(one);
    const answers = await Promise.all([post(one, '/api/refresh'), post(two, '/api/refresh')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(one, '/api/refresh')).status).toBe(200);
    expect((await post(two, '/api/refresh')).status).toBe(200);
    await context.close();
  });
});
