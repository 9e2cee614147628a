// Runs a benchmark as it is written: node bench/run.mjs query-plans [options]
import '../test/support/typescript-hook.mjs';
import { createRequire } from 'node:module';

const [, , name, ...rest] = process.argv;
process.argv.splice(2, process.argv.length, ...rest);
createRequire(import.meta.url)(`./${name}.ts`);
