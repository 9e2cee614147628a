// Sends requests at a constant rate whatever becomes of those before, and times each from the moment at which it was due: a
// server that stands still is charged for all who would have come meanwhile.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { URL } from 'node:url';

const [GIVEN_UP_MS, SETTLE_MS, PRIORITY] = [10_000, 200, -10];

// Clients are on other machines: what this one's processor lets it wait for is not the server's doing.
try {
  os.setPriority(PRIORITY);
} catch {
  // Nobody but root may; then its lateness, which is told, is in the figures.
}

const agent = new Agent({ keepAlive: true });

function send(url, { method, path, headers }) {
  return new Promise((resolve) => {
    const call = request(new URL(path, url), { method, headers, agent, timeout: GIVEN_UP_MS }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
      response.on('error', () => resolve(0));
    });
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', () => resolve(0)).end();
  });
}

async function run({ url, perSecond, seconds, file }) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const requests = lines.map((line) => JSON.parse(line));
  const total = perSecond * seconds;
  const [latenciesMs, latenessMs, calls] = [[], [], []];
  let unanswered = 0;
  const began = performance.now() + SETTLE_MS;
  for (let number = 0; number < total; number += 1) {
    const due = began + (number * 1000) / perSecond;
    if (due > performance.now()) await delay(due - performance.now());
    latenessMs.push(performance.now() - due);
    const answered = (status) => {
      if (status === 200) latenciesMs.push(performance.now() - due);
      else unanswered += 1;
    };
    calls.push(send(url, requests[number % requests.length]).then(answered));
  }
  await Promise.all(calls);
  return { latenciesMs, latenessMs, unanswered };
}

process.on('message', async (job) => {
  const result = await run(job);
  process.send(result);
});
