/// <reference lib="dom" />
import type { Browser, Page } from 'playwright-core';
import { Api } from '../support/api.js';
import { startBrowser } from '../support/browser.js';
import { buildServer, killServers, startServer } from '../support/built-server.js';
import type { BuiltServer } from '../support/built-server.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { scratchFolder } from '../support/scratch.js';
import { ADMIN, testEnvironment } from '../support/test-app.js';

/** What a page did that its policy, or ours, does not let it do. */
interface Watched {
  readonly page: Page;
  /** Violations of the Content Security Policy, and errors of scripts. */
  readonly faults: string[];
  /** Addresses that it asked outside of the service. */
  readonly elsewhere: string[];
}

describe('in a real browser, the reference at /docs', () => {
  let database: TestDatabase;
  let server: BuiltServer;
  let browser: Browser;
  let accessToken: string;

  beforeAll(async () => {
    buildServer();
    database = await createTestDatabase();
    const port = String(await freePort());
    const own = { PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}`, DOCS: 'on', RATE_LIMIT: 'on' };
    server = await startServer(scratchFolder(), testEnvironment(database.url, own));
    await server.listens();
    ({ accessToken } = await new Api(server.url).signIn(ADMIN));
    browser = await startBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await killServers();
    await database.drop();
  });

  async function open(path: string): Promise<Watched> {
    const page = await browser.newPage();
    const [faults, elsewhere]: [string[], string[]] = [[], []];
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && url.origin !== server.url) elsewhere.push(url.href);
    });
    await page.goto(`${server.url}${path}`, { waitUntil: 'networkidle' });
    return { page, faults, elsewhere };
  }

  /** Opens an operation of the console, and sends it as it stands there. */
  async function tryOut(page: Page, tag: string, operationId: string): Promise<{ status: string; body: string }> {
    const operation = page.locator(`#operations-${tag}-${operationId}`);
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const live = operation.locator('.live-responses-table tbody .response');
    await live.waitFor();
    return {
      status: (await live.locator('.response-col_status').innerText()).trim().slice(0, 3),
      body: await live.locator('.response-col_description').innerText(),
    };
  }

  it('tries a guarded route out with the token that it is given, under its policy and with nothing from elsewhere', async () => {
    const { page, faults, elsewhere } = await open('/docs');
    expect((await tryOut(page, 'account', 'readProfile')).status).toBe('401');

    await page.locator('.auth-wrapper .authorize').click();
    const form = page.locator('.auth-container', { hasText: 'bearer' });
    await form.locator('input').fill(accessToken);
    await form.getByRole('button', { name: 'Apply credentials' }).click();
    await page.locator('.modal-ux .close-modal').click();
    const granted = await tryOut(page, 'sign-in', 'readProtected');

    expect(granted.status).toBe('200');
    expect(granted.body).toContain('Access granted');
    expect(granted.body).toContain('ratelimit-policy: "bearer-requests";q=600;w=60');
    expect([faults, elsewhere]).toEqual([[], []]);
    await page.context().close();
  });

  it('has an example of a body to send, which the service takes', async () => {
    const { page, faults, elsewhere } = await open('/docs');

    const refused = await tryOut(page, 'sign-in', 'login');

    // The example's account is nobody's here; its form is right.
    expect(refused.status).toBe('401');
    expect(refused.body).toContain('invalid_credentials');
    expect([faults, elsewhere]).toEqual([[], []]);
    await page.context().close();
  });

  it('is led to by the type of a problem document, at the place of its code', async () => {
    const { body } = await new Api(server.url).get<{ type: string }>('/api/me');
    expect(body.type).toBe(`${server.url}/docs/errors#token_missing`);

    const { page, faults, elsewhere } = await open(body.type.slice(server.url.length));

    const target = page.locator('section:target');
    expect(await target.innerText()).toContain('401 Access token missing.');
    // The one style sheet is let in by its hash.
    expect(await target.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
    expect([faults, elsewhere]).toEqual([[], []]);
    await page.context().close();
  });

  it('runs no script that is not its own', async () => {
    const { page, faults } = await open('/docs');
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "taken over"';
      document.body.append(script);
    });

    expect(await page.title()).toBe('Gatehouse API');
    expect(faults.join()).toContain('script-src');
    await page.context().close();
  });
});
