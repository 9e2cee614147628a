// Sends requests by autocannon and tells how fast they were answered: one process for all contestants, warm from the first
// on. A job names a file of requests, one a line in JSON, that are dealt out to the connections.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import autocannon from 'autocannon';

const [TIMEOUT_SECONDS, SAMPLE_MS, MS_PRECISION] = [30, 100, 1000];

/** Each connection sends its own ones over and over. */
const repeated = ({ method, path, headers, body }) => ({ method, path, headers, ...(body && { body }) });

/** Each is sent with the refresh token of the answer before. */
function chained({ method, path, headers, refreshToken }) {
  let next = refreshToken;
  return {
    setupRequest: (request) => ({ ...request, method, path, headers, body: JSON.stringify({ refreshToken: next }) }),
    onResponse: (status, body) => {
      if (status === 200) next = JSON.parse(body).refreshToken;
    },
  };
}

/**
 * Keeps the event loop turning. On a virtual machine it is the sender who pays for waking a processor that sleeps, several
 * times what it costs to send: the slower a server, the more often it would find the generator asleep. Only for a server that
 * needs one processor alone: this takes a whole one.
 */
function stayAwake() {
  let isOver = false;
  const turn = () => {
    if (!isOver) setImmediate(turn);
  };
  turn();
  return () => {
    isOver = true;
  };
}

async function run({ url, connections, seconds, file, awake }) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const requests = lines
    .map((line) => JSON.parse(line))
    .map((one) => (one.refreshToken ? chained(one) : repeated(one)));
  let opened = 0;
  const tracker = autocannon({
    url,
    connections,
    timeout: TIMEOUT_SECONDS,
    sampleInt: SAMPLE_MS,
    // Without a duration each request is sent once.
    ...(seconds === undefined ? { amount: requests.length } : { duration: seconds }),
    setupClient: (client) => {
      const turn = opened;
      opened += 1;
      client.setRequests(requests.filter((_, index) => index % connections === turn));
    },
  });
  const [latenciesMs, statuses] = [[], {}];
  const began = { at: performance.now(), cpu: process.cpuUsage() };
  let [lastAt, bytes] = [began.at, 0];
  tracker.on('response', (client, status, size, ms) => {
    lastAt = performance.now();
    latenciesMs.push(Math.round(ms * MS_PRECISION) / MS_PRECISION);
    statuses[status] = (statuses[status] ?? 0) + 1;
    bytes += size;
  });
  const fallAsleep = awake ? stayAwake() : () => undefined;
  const { errors } = await tracker;
  fallAsleep();
  const { user, system } = process.cpuUsage(began.cpu);
  latenciesMs.sort((a, b) => a - b);
  const quantile = (share) => latenciesMs[Math.max(0, Math.ceil(latenciesMs.length * share) - 1)] ?? null;
  return {
    answered: latenciesMs.length,
    seconds: (lastAt - began.at) / 1000,
    statuses,
    errors,
    bytes,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuMs: (user + system) / 1000,
  };
}

process.on('message', async (job) => {
  const result = await run(job);
  process.send(result);
});
