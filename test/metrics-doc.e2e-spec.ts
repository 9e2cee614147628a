import { readFileSync } from 'node:fs';
import { metricsTable } from './support/metrics-table.js';
import { startTestApp } from './support/test-app.js';

describe('docs/metrics.md', () => {
  it('has the metrics that the service declares, and no other, in their own words', async () => {
    const service = await startTestApp();
    try {
      const [, table] =
        /<!-- metrics -->\n([^]*)\n<!-- \/metrics -->/.exec(readFileSync('docs/metrics.md', 'utf8')) ?? [];
      expect(table?.trim()).toBe(metricsTable(service.app));
    } finally {
      await service.close();
    }
  });
});
