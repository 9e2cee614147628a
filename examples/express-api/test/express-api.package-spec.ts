import path from 'node:path';
import type { Problem } from '../../../test/support/api.js';
import { eventually } from '../../../test/support/eventually.js';
import { Program } from '../../../test/support/program.js';
import { startPublishedServer } from '../../../test/support/published-server.js';
import type { PublishedServer } from '../../../test/support/published-server.js';
import { ADMIN } from '../../../test/support/test-app.js';

jest.setTimeout(120_000);

describe('the Express API moved onto Gatehouse', () => {
  let gatehouse: PublishedServer;
  let api: Program;

  beforeAll(async () => {
    gatehouse = await startPublishedServer();
    const env = await gatehouse.newClient('notes');
    api = await Program.start(path.join(__dirname, '..', 'server.mjs'), { ...env, PORT: '0' });
  });
  afterAll(async () => {
    await api.kill();
    await gatehouse.close();
  });

  it('serves each user who has signed in at Gatehouse their own notes', async () => {
    const [ada, bob] = [await gatehouse.api.newUser('ada@example.com'), await gatehouse.api.newUser('bob@example.com')];
    const note = { text: 'call the harbour' };
    expect((await api.api.post('/api/notes', note, ada.accessToken)).status).toBe(201);
    expect((await api.api.get('/api/notes', ada.accessToken)).body).toEqual([note]);
    expect((await api.api.get('/api/notes', bob.accessToken)).body).toEqual([]);
    const { accessToken } = (await gatehouse.api.refresh(ada.refreshToken)).body;
    expect((await api.api.get('/api/notes', accessToken)).body).toEqual([note]);
  });

  it('asks nobody for a token where none is needed, and everybody else', async () => {
    expect((await api.api.get('/')).status).toBe(200);
    const refused = await api.api.get<Problem>('/api/notes');
    expect([refused.status, refused.body.code]).toEqual([401, 'token_missing']);
  });

  it('takes the role that Gatehouse gives', async () => {
    const cleo = await gatehouse.api.newUser('cleo@example.com');
    expect((await api.api.delete<Problem>('/api/notes', cleo.accessToken)).body.code).toBe('forbidden');
    const admin = await gatehouse.api.signIn(ADMIN);
    expect((await api.api.delete('/api/notes', admin.accessToken)).status).toBe(204);
  });

  it('knows within a second who has signed out', async () => {
    const { accessToken } = await gatehouse.api.newUser('dora@example.com');
    expect((await api.api.get('/api/protected', accessToken)).status).toBe(200);
    await gatehouse.api.post('/api/logout', {}, accessToken);
    await eventually(async () => {
      expect((await api.api.get<Problem>('/api/protected', accessToken)).body.code).toBe('token_revoked');
    }, 1_000);
  });
});
