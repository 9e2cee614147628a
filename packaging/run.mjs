// Runs what prepares a release, as it is written: node packaging/run.mjs release-check
import '../test/support/typescript-hook.mjs';
import { createRequire } from 'node:module';

createRequire(import.meta.url)(`./${process.argv[2]}.ts`);
