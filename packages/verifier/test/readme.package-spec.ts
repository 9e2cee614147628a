import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Program } from '../../../test/support/program.js';
import { startPublishedServer } from '../../../test/support/published-server.js';
import type { PublishedServer } from '../../../test/support/published-server.js';
import { scratchFolder } from '../../../test/support/scratch.js';

jest.setTimeout(120_000);

const ROOT = path.join(__dirname, '..', '..', '..');

describe('the first example of the README', () => {
  let gatehouse: PublishedServer;
  let service: Program | undefined;

  beforeAll(async () => {
    gatehouse = await startPublishedServer();
  });
  afterAll(async () => {
    await service?.kill();
    await gatehouse.close();
  });

  it('runs as it is written', async () => {
    const [, code = ''] =
      /```js\n(import[^]*?)```/.exec(readFileSync(path.join(__dirname, '..', 'README.md'), 'utf8')) ?? [];
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'service.mjs'), code);
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    const env = await gatehouse.newClient('orders');
    service = await Program.start(path.join(folder, 'service.mjs'), { ...env, PORT: '0' });
    const user = await gatehouse.api.newUser('ada@example.com');
    const answer = await service.api.get('/orders', user.accessToken);
    expect([answer.status, answer.body.orders]).toEqual([200, []]);
    expect((await service.api.get('/orders')).status).toBe(401);
    expect((await service.api.get('/accounts', user.accessToken)).status).toBe(403);
    expect(service.output).toContain('revocations: current');
  });
});
