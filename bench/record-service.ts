import { Checkpoints } from '../src/audit/seals/checkpoints.js';
import { EventRetention } from '../src/audit/seals/event-retention.js';
import { EventSealer } from '../src/audit/seals/event-sealer.js';
import { Cleanup } from '../src/cleanup/cleanup.js';
import { EraSweep } from '../src/tokens/session-control/era-sweep.js';
import { connected } from './bench-database.js';
import { callsOf, nameOf, nextPage } from './calls.js';
import type { Call } from './calls.js';
import { ownLastSeal } from './own-seal.js';
import { PlanRecorder } from './plan-recorder.js';
import type { Recorded } from './plan-report.js';
import { takeSamples } from './samples.js';
import type { Samples } from './samples.js';
import { SHARE_PASSWORD, ServiceUnderTest } from './service-under-test.js';

interface Job {
  readonly name: string;
  readonly run: (service: ServiceUnderTest) => Promise<unknown>;
}

/** What nobody calls for. */
const JOBS: readonly Job[] = [
  { name: 'sealing', run: (service) => service.get(EventSealer).seal() },
  { name: 'a checkpoint', run: (service) => service.get(Checkpoints).take() },
  { name: 'retention of events', run: (service) => service.get(EventRetention).run() },
];
/** After the call that ends everything. */
const LAST: readonly Job[] = [
  { name: 'the end of all sessions, row by row', run: (service) => service.get(EraSweep).run() },
  { name: 'cleanup', run: (service) => service.get(Cleanup).run() },
];

class ServiceRecording {
  readonly recorded: Recorded[] = [];
  private readonly recorder = new PlanRecorder();

  constructor() {
    this.recorder.install();
  }

  /** @returns what the work came to */
  async job<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const { statements, result } = await this.recorder.record(work, true);
    this.recorded.push({ name, fault: undefined, statements });
    return result;
  }

  async call(service: ServiceUnderTest, call: Call, name: string): Promise<Call | undefined> {
    const { statements, result } = await this.recorder.record(() => service.call(call), call.commits ?? false);
    const { status, text } = result;
    const isExpected = [200, 204, call.mayAnswer].includes(status);
    this.recorded.push({
      name,
      fault: isExpected ? undefined : `answered ${status}: ${text.slice(0, 200)}`,
      statements,
    });
    return nextPage(call, text);
  }
}

async function prepareSamples(url: string, nowMs: number): Promise<Samples> {
  return connected(url, async (client) => {
    const samples = await takeSamples(client, nowMs);
    await client.query(SHARE_PASSWORD, [samples.busyEmail]);
    return samples;
  });
}

/** Starts the service on a filled database and records what it does there by itself and for each call. */
export async function recordService(url: string, nowMs: number): Promise<readonly Recorded[]> {
  const recording = new ServiceRecording();
  const service = await recording.job('start, and what runs by itself', () => ServiceUnderTest.start(url));
  await ownLastSeal(service, url);
  const samples = await prepareSamples(url, nowMs);
  await recording.job('sign-ins', () => service.signIn(samples.busyEmail));
  for (const { name, run } of JOBS) await recording.job(name, () => run(service));
  for (const call of callsOf(samples)) {
    const name = nameOf(call, samples);
    const next = await recording.call(service, call, name);
    if (next) await recording.call(service, next, `${name}, next page`);
  }
  for (const { name, run } of LAST) await recording.job(name, () => run(service));
  await service.close();
  return recording.recorded;
}
