import path from 'node:path';
import type { Problem } from '../../../test/support/api.js';
import { eventually } from '../../../test/support/eventually.js';
import { Program } from '../../../test/support/program.js';
import { startPublishedServer } from '../../../test/support/published-server.js';
import type { PublishedServer } from '../../../test/support/published-server.js';
import { ADMIN } from '../../../test/support/test-app.js';

jest.setTimeout(120_000);

describe('the Nest API protected by Gatehouse', () => {
  let gatehouse: PublishedServer;
  let program: Program;

  beforeAll(async () => {
    gatehouse = await startPublishedServer();
    const env = await gatehouse.newClient('orders');
    program = await Program.start(path.join(__dirname, '..', 'dist', 'main.js'), { ...env, PORT: '0' });
  });
  afterAll(async () => {
    await program.kill();
    await gatehouse.close();
  });

  it('serves each user their own orders, and all of them to who may see them', async () => {
    const [ada, bob] = [await gatehouse.api.newUser('ada@example.com'), await gatehouse.api.newUser('bob@example.com')];
    const placed = await program.api.post('/orders', { article: 'lantern' }, ada.accessToken);
    expect(placed.status).toBe(201);
    expect((await program.api.get('/orders', ada.accessToken)).body).toEqual([placed.body]);
    expect((await program.api.get('/orders', bob.accessToken)).body).toEqual([]);
    const refused = await program.api.get<Problem>('/orders/all', bob.accessToken);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    const admin = await gatehouse.api.signIn(ADMIN);
    expect((await program.api.get('/orders/all', admin.accessToken)).body).toEqual([placed.body]);
  });

  it('refuses who has no token, with a problem document', async () => {
    const answer = await program.api.get<Problem>('/orders');
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatehouse"');
    expect(answer.body).toMatchObject({
      status: 401,
      code: 'token_missing',
      type: `${gatehouse.url}/docs/errors#token_missing`,
    });
  });

  it('knows within a second who has signed out', async () => {
    const { accessToken } = await gatehouse.api.newUser('dora@example.com');
    expect((await program.api.get('/orders', accessToken)).status).toBe(200);
    await gatehouse.api.post('/api/logout', {}, accessToken);
    await eventually(async () => {
      expect((await program.api.get<Problem>('/orders', accessToken)).body.code).toBe('token_revoked');
    }, 1_000);
  });
});
