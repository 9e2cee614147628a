import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { startServer } from '../support/built-server.js';
import { makeCertificate } from '../support/certificate.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { alertNames, dashboardExpressions, ruleExpressions, rulesText, selectorsIn } from '../support/monitoring.js';
import { promtool } from '../support/promtool.js';
import { rawRequest } from '../support/raw-http.js';
import { scratchFolder } from '../support/scratch.js';
import { Scrape } from '../support/scrape.js';
import { ServerProcess } from '../support/server-process.js';
import { ADMIN, randomSecret, testEnvironment } from '../support/test-app.js';

jest.setTimeout(180_000);

/** The first round of the cleanup comes a minute after the start. */
const CLEANUP_WITHIN_MS = 120_000;
const START_WITHIN_MS = 60_000;

/** Only an instance with a certificate of its own has it. */
const CERTIFICATE_END = 'gatehouse_tls_certificate_end_timestamp_seconds';

const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
const names = (expressions: readonly string[]): Set<string> =>
  new Set(expressions.flatMap((each) => selectorsIn(each).map(({ name }) => name)));

describe('the alert rules', () => {
  it('are what Prometheus takes, with the example of its configuration', () => {
    expect(promtool(['check', 'rules', 'deploy/prometheus/gatehouse.rules.yml'])).toContain('SUCCESS');
    expect(promtool(['check', 'config', 'deploy/prometheus/prometheus.yml'])).toContain('SUCCESS');
  });

  it('fire where they should, and are quiet just short of that', () => {
    expect(promtool(['test', 'rules', 'deploy/prometheus/gatehouse.rules.test.yml'])).toContain('SUCCESS');
  });

  it('need no scrape job of a certain name, which differs from one Prometheus to the next', () => {
    expect(ruleExpressions().filter((each) => /\bjob *!?=(?!~"\.\*gatehouse\.\*")/.test(each))).toEqual([]);
  });

  it('each have such a test, a severity, a summary and a place in the operations guide', () => {
    const tests = readFileSync('deploy/prometheus/gatehouse.rules.test.yml', 'utf8');
    const guide = readFileSync('docs/operations.md', 'utf8');
    const rules = rulesText()
      .split(/^ +- alert: /m)
      .slice(1);
    const faults = rules.flatMap((rule) => {
      const [name = ''] = rule.split('\n', 1);
      const lacks: [boolean, string][] = [
        [!new RegExp(`alertname: ${name}\\n +exp_alerts:\\n`).test(tests), 'is never seen to fire'],
        [!new RegExp(`alertname: ${name}\\n +exp_alerts: \\[\\]`).test(tests), 'is never seen to be quiet'],
        [!/^ +severity: (critical|warning|info)$/m.test(rule), 'has no severity'],
        [!/^ +summary: '.+'$/m.test(rule), 'has no summary'],
        [!rule.includes(`runbook: docs/operations.md#${name.toLowerCase()}\n`), 'does not name its place'],
        [!new RegExp(`^#+ ${name}$`, 'm').test(guide), 'has no section in docs/operations.md'],
      ];
      return lacks.filter(([isLacking]) => isLacking).map(([, fault]) => `${name} ${fault}`);
    });
    expect(faults).toEqual([]);
    expect(new Set(alertNames()).size).toBe(rules.length);
  });
});

describe('a scrape of the running service', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let url: string;
  let found: Scrape;

  beforeAll(async () => {
    database = await createTestDatabase();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const env = testEnvironment(database.url, { ...secrets, LOG_LEVEL: 'info', METRICS_PORT: String(port) });
    server = await ServerProcess.start(env);
    await exercise();
    found = await Scrape.at(url);
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  async function exercise(): Promise<void> {
    const { api } = server;
    const tokens = await api.signIn(ADMIN);
    await api.refresh(tokens.refreshToken);
    await api.get('/api/protected', tokens.accessToken);
    await api.post('/api/login', { email: 'canary@example.com', password: 'canary-of-nobody-else' });
    await rawRequest(server.api.url, 'GET /api/canary-"\\-path?q=canary', ['X-Request-Id: canary-request']);
    await api.post('/api/logout', {}, tokens.accessToken);
    await eventually(async () => {
      const seen = (await Scrape.at(url)).value('gatehouse_revocation_propagation_seconds_count');
      if (seen !== 1) throw new Error('the revocation has not been read yet');
    });
  }

  it('is in the format that Prometheus asks for, by its names too', () => {
    promtool(['check', 'metrics'], found.text);
  });

  it('has every series that a rule or a panel asks for', async () => {
    const expressions = [...ruleExpressions(), ...dashboardExpressions()];
    expect(expressions.filter((each) => names([each]).size === 0 && !/\bup\b/.test(each))).toEqual([]);
    await eventually(async () => {
      const scrape = await Scrape.at(url);
      const asked = expressions.flatMap(selectorsIn).filter(({ name }) => name !== CERTIFICATE_END);
      const missing = asked.filter(({ name, matchers }) => {
        const fits = scrape
          .series(name)
          .filter(({ labels }) => matchers.every(({ label, pattern }) => pattern.test(labels[label] ?? '')));
        return fits.length === 0;
      });
      expect(missing).toEqual([]);
    }, CLEANUP_WITHIN_MS);
  });

  it('has every metric of the service in a rule or on a panel', () => {
    const asked = names([...ruleExpressions(), ...dashboardExpressions()]);
    const own = [...found.types.keys()].filter((name) => name.startsWith('gatehouse_'));
    const isAsked = (name: string): boolean =>
      ['', '_bucket', '_sum', '_count'].some((suffix) => asked.has(`${name}${suffix}`));
    expect(own.length).toBeGreaterThan(25);
    expect(own.filter((name) => !isAsked(name))).toEqual([]);
  });

  it('says which build it is, what its process takes, and where the scrape is to be had', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(found.value('gatehouse_build_info', { version, node: process.versions.node })).toBe(1);
    expect(found.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    expect(found.value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(found.value('gatehouse_database_connections_open')).toBeGreaterThan(0);
    expect(server.output).toContain(`${url}/metrics`);
  });

  it('holds nothing of what a caller sent, and no secret', () => {
    expect(found.text).not.toMatch(/canary|@|example\.com|127\.0\.0\.1|eyJ/);
    for (const secret of Object.values(secrets)) expect(found.text).not.toContain(secret);
  });
});

describe('a scrape of a service with a certificate of its own', () => {
  it('tells when that ends, for the alert that asks it', async () => {
    expect(names(ruleExpressions())).toContain(CERTIFICATE_END);
    const database = await createTestDatabase();
    const { certFile, keyFile } = makeCertificate();
    const port = String(await freePort());
    const tls = { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
    const server = await startServer(
      scratchFolder(),
      testEnvironment(database.url, { ...secrets, ...tls, METRICS_PORT: port }),
    );
    try {
      const scrape = await eventually(() => Scrape.at(`http://127.0.0.1:${port}`), START_WITHIN_MS);
      const { validTo } = new X509Certificate(readFileSync(certFile));
      expect(scrape.value(CERTIFICATE_END)).toBe(Date.parse(validTo) / 1_000);
    } finally {
      await server.stop();
      await database.drop();
    }
  });
});

describe('the port of the metrics', () => {
  it('ends the start with what to set, where it is in use, and opens nothing', async () => {
    const database = await createTestDatabase();
    const port = await freePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const env = testEnvironment(database.url, { METRICS_PORT: String(port) });
      const { code, errors } = await (await startServer(scratchFolder(), env)).ends();
      expect(code).toBe(1);
      expect(errors).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} is in use.*METRICS_PORT`));
      expect(errors).not.toMatch(/^\s+at /m);
    } finally {
      squatter.close();
      await database.drop();
    }
  });
});
