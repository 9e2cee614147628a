import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startProgram } from '../../../test/support/debian-program.js';
import type { Program } from '../../../test/support/debian-program.js';
import { eventually } from '../../../test/support/eventually.js';
import { freePort } from '../../../test/support/free-port.js';
import { startPublishedServer } from '../../../test/support/published-server.js';
import type { PublishedServer } from '../../../test/support/published-server.js';
import { scratchFolder } from '../../../test/support/scratch.js';

jest.setTimeout(120_000);

const EXAMPLE = path.join(__dirname, '..');

/** Puts what the test has in the place of what the example has; fails where that is not in it. */
function replaced(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the example does not say ${from}`);
    return changed.replace(from, to);
  }, text);
}

describe('the static site behind nginx', () => {
  let gatehouse: PublishedServer;
  let nginx: Program;
  let site: string;
  const get = (address: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${site}${address}`, { headers, redirect: 'manual' });

  beforeAll(async () => {
    gatehouse = await startPublishedServer();
    const [folder, port] = [scratchFolder(), await freePort()];
    site = `http://127.0.0.1:${port}`;
    cpSync(path.join(EXAMPLE, 'www'), path.join(folder, 'www'), { recursive: true });
    const conf = replaced(readFileSync(path.join(EXAMPLE, 'gatehouse-site.conf'), 'utf8'), {
      'listen 127.0.0.1:8080;': `listen 127.0.0.1:${port};`,
      'root /srv/site;': `root ${folder}/www;`,
      'server 127.0.0.1:3000;': `server ${new URL(gatehouse.url).host};`,
    });
    writeFileSync(path.join(folder, 'site.conf'), conf);
    const main = [
      'daemon off;',
      // Its workers could not reach the folder otherwise.
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      `pid ${folder}/pid;`,
      'error_log stderr warn;',
      'events {}',
      'http {',
      'access_log off;',
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`),
      `include ${folder}/site.conf;`,
      '}',
    ];
    const file = path.join(folder, 'nginx.conf');
    writeFileSync(file, `${main.join('\n')}\n`);
    const args = ['-c', file, '-p', folder, '-e', 'stderr'];
    nginx = startProgram({ program: 'nginx', args, versionFlag: '-v', debianPackage: 'nginx-light', endedBy: 'TERM' });
    await eventually(async () => {
      expect((await get('/sign-in.html')).status).toBe(200);
    });
  });
  afterAll(async () => {
    await nginx.stop();
    await gatehouse.close();
  });

  it('sends whoever has no token to the sign-in page, and says where to go on', async () => {
    const { status, headers } = await get('/private/');
    expect([status, headers.get('location')]).toEqual([302, `${site}/sign-in.html?to=/private/`]);
    expect((await get('/private/', { authorization: 'Bearer nothing' })).status).toBe(302);
  });

  it('serves whoever has signed in, by the header or by the cookie, and has nobody keep it', async () => {
    const { accessToken } = await gatehouse.api.newUser('ada@example.com');
    for (const headers of [{ authorization: `Bearer ${accessToken}` }, { cookie: `access_token=${accessToken}` }]) {
      const response = await get('/private/', headers);
      expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
      expect(await response.text()).toContain('For those who have signed in');
    }
  });

  it('refuses a session from the moment in which it was signed out', async () => {
    const { accessToken } = await gatehouse.api.newUser('bob@example.com');
    const headers = { cookie: `access_token=${accessToken}` };
    expect((await get('/private/', headers)).status).toBe(200);
    await gatehouse.api.post('/api/logout', {}, accessToken);
    expect((await get('/private/', headers)).status).toBe(302);
  });

  it('lets nobody ask for what is between nginx and Gatehouse', async () => {
    const { accessToken } = await gatehouse.api.newUser('cleo@example.com');
    expect((await get('/_gatehouse', { authorization: `Bearer ${accessToken}` })).status).toBe(404);
    // Not past the check by another spelling of the path.
    for (const address of ['/private/../private/index.html', '//private/index.html', '/%70rivate/index.html'])
      expect((await get(address)).status).not.toBe(200);
  });
});
