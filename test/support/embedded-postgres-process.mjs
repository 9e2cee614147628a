// A Gatehouse reduced to its database, for tests to kill: node embedded-postgres-process.mjs directory password
import './typescript-hook.mjs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { planEmbeddedPostgres, startEmbeddedPostgres } = require('../../src/database/embedded-postgres.ts');

const [, , directory, password] = process.argv;
const plan = await planEmbeddedPostgres(directory, password);
await startEmbeddedPostgres(plan, () => undefined, { fsync: 'off' });
process.stdout.write(`${JSON.stringify({ url: plan.url })}\n`);
// Lives as long as the test that started it.
process.stdin.resume().once('end', () => process.exit());
