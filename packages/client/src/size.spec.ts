import { gzipSync } from 'node:zlib';
import { bundleClient } from '../test/client-page.js';

it('is under 6 kB gzipped, with all it depends on', () => {
  const bytes = gzipSync(bundleClient('esm'), { level: 9 }).length;
  expect(bytes).toBeLessThan(6_000);
  expect(bytes).toBeGreaterThan(4_000);
});
