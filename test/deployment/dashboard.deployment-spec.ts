import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dashboardExpressions, readDashboard } from '../support/monitoring.js';
import { promtool } from '../support/promtool.js';
import { scratchFolder } from '../support/scratch.js';

describe('the dashboard', () => {
  const { panels, templating } = readDashboard();

  it('has panels that are told apart, lie beside one another, and ask the data source of its variable', () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(templating.list.map(({ name, type }) => `${name}: ${type}`)).toContain('datasource: datasource');
    const taken = new Set<string>();
    for (const { type, title, targets = [], gridPos } of panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1)
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          expect([title, taken.has(`${x} ${y}`)]).toEqual([title, false]);
          taken.add(`${x} ${y}`);
        }
      expect([title, targets.length > 0]).toEqual([title, type !== 'row']);
      for (const { datasource } of targets) expect(datasource.uid).toBe('${datasource}');
    }
  });

  it('asks in expressions that Prometheus parses', () => {
    const file = path.join(scratchFolder(), 'dashboard.rules.yml');
    const rules = dashboardExpressions().map((expr, at) => ({ record: `panel:${at}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(rules.length).toBeGreaterThan(30);
    expect(promtool(['check', 'rules', file])).toContain('SUCCESS');
  });
});
