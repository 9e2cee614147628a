import 'reflect-metadata';
import { traceToSources } from './observability/source-traces.js';
import { startGatehouse } from './start.js';
import { exitCodeOf, messageOf } from './start-errors.js';

traceToSources();
try {
  await startGatehouse();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(exitCodeOf(error));
}
