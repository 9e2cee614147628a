import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { Authenticator } from '../../../test/support/authenticator.js';
import { startBrowser } from '../../../test/support/browser.js';
import { startTestApp } from '../../../test/support/test-app.js';
import type { TestApp } from '../../../test/support/test-app.js';

const EXAMPLE = path.join(__dirname, '..');
const PASSWORD = 'seven quiet otters juggling';

/** The page as `npm start` serves it, but for where Gatehouse is. */
async function startPage(gatehouse: () => string): Promise<Server> {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(EXAMPLE, 'page.js')],
    alias: { '@gatehouse/client': path.join(EXAMPLE, '..', '..', 'packages', 'client', 'src', 'index.ts') },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const html = readFileSync(path.join(EXAMPLE, 'www', 'index.html'), 'utf8');
  const server = createServer((request, response) => {
    if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(outputFiles[0]?.text);
    else response.setHeader('content-type', 'text/html').end(html.replace('http://localhost:3000', gatehouse()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the example of a plain HTML page', () => {
  let service: TestApp;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let origin: string;

  beforeAll(async () => {
    server = await startPage(() => service.api.url);
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    service = await startTestApp({ env: { CORS_ORIGINS: origin } });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(async () => {
    page = await (await browser.newContext()).newPage();
    await page.goto(origin);
  });
  afterEach(() => page.context().close());

  const signIn = async (email: string, password = PASSWORD): Promise<void> => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  const signedInAs = (email: string, on = page): Promise<void> => on.getByText(`Signed in as ${email}`).waitFor();

  it('signs in, stays so over a reload and in another tab, and signs out of both', async () => {
    await service.api.newUser('ada@example.com', PASSWORD);
    await signIn('ada@example.com', 'eight noisy badgers resting');
    await page.getByText('Wrong address or password.').waitFor();
    await signIn('ada@example.com');
    await signedInAs('ada@example.com');
    await page.reload();
    await signedInAs('ada@example.com');
    const other = await page.context().newPage();
    await other.goto(origin);
    await signedInAs('ada@example.com', other);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('asks for a second factor', async () => {
    const { accessToken } = await service.api.newUser('bob@example.com', PASSWORD);
    const begun = await service.api.post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, accessToken);
    const app = new Authenticator(begun.body.secret, service.clock);
    await service.api.post('/api/me/totp/confirm', { code: app.code() }, accessToken);
    await signIn('bob@example.com');
    const code = page.getByLabel('Code');
    await code.fill(app.wrongCode());
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('Wrong code.').waitFor();
    await code.fill(app.nextCode());
    await page.getByRole('button', { name: 'Go on' }).click();
    await signedInAs('bob@example.com');
  });
});
