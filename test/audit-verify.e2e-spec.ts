import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { EventSealer } from '../src/audit/seals/event-sealer.js';
import { buildServer, killServers } from './support/built-server.js';
import { startCommand } from './support/built-command.js';
import { scratchFolder } from './support/scratch.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };

describe('npm run audit:verify', () => {
  let service: TestApp;
  let production: Record<string, string>;

  beforeAll(async () => {
    buildServer();
    service = await startTestApp({ env: secrets });
    production = {
      NODE_ENV: 'production',
      DATABASE_URL: service.database.url,
      PUBLIC_URL: 'https://auth.example.com',
      MAIL: 'off',
      ...secrets,
    };
    await service.api.signIn(ADMIN);
    await service.app.get(EventSealer, { strict: false }).seal();
  });
  afterAll(async () => {
    await killServers();
    await service.close();
  });

  const run = (
    args: readonly string[] = [],
    env: Record<string, string> = production,
    cwd = scratchFolder(),
  ): Promise<{ code: number | null; output: string; errors: string }> =>
    startCommand('audit-verify.js', args, { cwd, env }).ends();
  const checkpointIn = (output: string): string => /^Checkpoint (\{.*\})$/m.exec(output)?.[1] ?? '';

  it('ends with 0 where the log is intact, and tells a checkpoint', async () => {
    const { code, output, errors } = await run();
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/^intact: [1-9]\d* events, [1-9]\d* seals\nCheckpoint \{"seals":\d+,"events":\d+,.*\}\n$/);
  });

  it('looks for every checkpoint of a log, as text or as JSON, and refuses those that are not of this deployment', async () => {
    const folder = scratchFolder();
    const checkpoint = checkpointIn((await run()).output);
    const lines = [
      'some other line',
      `[Gatehouse] 1 LOG [EventLog] Checkpoint ${checkpoint}`,
      JSON.stringify({ level: 'log', message: `Checkpoint ${checkpoint}` }),
    ];
    writeFileSync(path.join(folder, 'service.log'), lines.join('\n'));
    const good = await run(['--checkpoints', 'service.log'], production, folder);
    expect([good.code, good.output]).toEqual([
      0,
      expect.stringContaining('2 checkpoints read, 0 of them not in the chain'),
    ]);
    const other = checkpoint.replace(/"seals":\d+/, '"seals":99');
    writeFileSync(path.join(folder, 'service.log'), [...lines, `Checkpoint ${other}`].join('\n'));
    const bad = await run(['--checkpoints', 'service.log'], production, folder);
    expect([bad.code, bad.output]).toEqual([1, expect.stringContaining('1 checkpoints are not of this deployment')]);
  });

  it('ends with 1 and names the first broken event, and what a cut tail had', async () => {
    const folder = scratchFolder();
    await service.api.signIn(ADMIN);
    await service.app.get(EventSealer, { strict: false }).seal();
    writeFileSync(path.join(folder, 'service.log'), `Checkpoint ${checkpointIn((await run()).output)}\n`);
    const [last] = await service.sql<{ number: string; event_ids: string[] }>(
      'SELECT number, event_ids FROM audit_seals ORDER BY number DESC LIMIT 1',
    );
    await service.sql('ALTER TABLE audit_events DISABLE TRIGGER USER');
    await service.sql('ALTER TABLE audit_seals DISABLE TRIGGER USER');
    await service.sql('DELETE FROM audit_events WHERE id = ANY ($1)', [last?.event_ids]);
    const missing = await run();
    expect([missing.code, missing.errors]).toEqual([1, '']);
    expect(missing.output).toContain(
      `broken: event missing: event ${last?.event_ids[0] ?? ''}, seal ${last?.number ?? ''}`,
    );
    await service.sql('DELETE FROM audit_seals WHERE number = $1', [last?.number]);
    expect((await run()).code).toBe(0);
    const cut = await run(['--checkpoints', 'service.log'], production, folder);
    expect([cut.code, cut.output]).toEqual([
      1,
      expect.stringContaining(`not in the chain: seal ${last?.number ?? ''}`),
    ]);
  });

  it('ends with 2 when it is called wrongly, and with 78 when the configuration is faulty', async () => {
    for (const args of [['file'], ['--checkpoint', 'x'], ['--checkpoints', 'nowhere.log']]) {
      const { code, output } = await run(args);
      expect([code, output]).toEqual([2, '']);
    }
    const { code, errors } = await run([], { ...production, REFRESH_SECRET: randomSecret() });
    expect([code, errors]).toEqual([78, expect.stringContaining('REFRESH_SECRET')]);
  });
});
