import { chmodSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Makes the folder of this run, which the watchdog removes, and tells the workers of it. */
export function openScratch(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-test-'));
  chmodSync(folder, 0o711); // as root, Postgres runs under another account
  process.env.GATEHOUSE_TEST_SCRATCH = folder;
  return folder;
}

/** Makes an empty folder (0700) that is gone after the run, even one that is killed, with any Postgres in its `.data`. */
export function scratchFolder(): string {
  return mkdtempSync(path.join(process.env.GATEHOUSE_TEST_SCRATCH ?? os.tmpdir(), 'scratch-'));
}
