import { Cleanup } from '../../src/cleanup/cleanup.js';
import type { Cleaned } from '../../src/cleanup/cleanup.js';
import type { TestApp } from './test-app.js';

/** Has a service delete all that is due, as it does by itself each minute. @returns how many rows of each kind */
export const cleanUp = ({ app }: Pick<TestApp, 'app'>): Promise<Cleaned> => app.get(Cleanup, { strict: false }).run();
