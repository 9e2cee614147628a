import 'reflect-metadata';
import { startGatehouse } from './start.js';
import { exitCodeOf, messageOf } from './start-errors.js';

try {
  await startGatehouse();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(exitCodeOf(error));
}
