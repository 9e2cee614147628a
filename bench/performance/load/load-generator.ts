import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MeasuredProcess } from '../../measured-process.js';

/** One request, as the generator sends it. */
export interface Sent {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Makes the body, and the next one from each answer. */
  readonly refreshToken?: string;
}

export interface LoadJob {
  readonly url: string;
  readonly connections: number;
  /** Without, each request is sent once. */
  readonly seconds?: number | undefined;
  readonly requests: readonly Sent[];
  /** Keeps the generator's processor from sleeping: for what needs one processor alone. */
  readonly awake?: boolean;
}

export interface Load {
  readonly answered: number;
  readonly seconds: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the generator. */
  readonly cpuMs: number;
}

export interface PacedJob {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly requests: readonly Sent[];
}

export interface Paced {
  /** From the moment at which each request was due. */
  readonly latenciesMs: readonly number[];
  /** How late the generator itself was. */
  readonly latenessMs: readonly number[];
  /** Requests that were not answered with 200, or not within 10 s. */
  readonly unanswered: number;
}

const MARGIN_MS = 120_000;

/** Sends requests from processes of its own, the same ones for every contestant. */
export class LoadGenerator {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-load-'));
  private readonly atFullRate = this.started('generator.mjs');
  private readonly paced = this.started('paced.mjs');
  private files = 0;

  /** Sends as fast as the answers come. @throws Error where one is other than 200 */
  async send({ requests, ...job }: LoadJob): Promise<Load> {
    const withinMs = (job.seconds ?? 0) * 1000 + MARGIN_MS;
    const load = await this.withFile(requests, (file) => this.atFullRate.ask<Load>({ ...job, file }, withinMs));
    const refused = Object.keys(load.statuses).filter((status) => status !== '200');
    if (refused.length > 0 || load.errors > 0 || load.answered === 0) {
      throw new Error(`${job.url} answered ${JSON.stringify(load.statuses)}, with ${load.errors} errors`);
    }
    return load;
  }

  /** Sends at a constant rate. */
  sendPaced({ requests, ...job }: PacedJob): Promise<Paced> {
    const withinMs = job.seconds * 1000 + MARGIN_MS;
    return this.withFile(requests, (file) => this.paced.ask<Paced>({ ...job, file }, withinMs));
  }

  async stop(): Promise<void> {
    await Promise.all([this.atFullRate.stop(), this.paced.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private started(script: string): MeasuredProcess {
    return MeasuredProcess.started({
      command: process.execPath,
      args: [path.resolve('bench/performance/load', script)],
    });
  }

  /** A million characters are sooner written and read than told over a channel. */
  private async withFile<Result>(requests: readonly Sent[], use: (file: string) => Promise<Result>): Promise<Result> {
    this.files += 1;
    const file = path.join(this.folder, `${this.files}.ndjson`);
    writeFileSync(file, requests.map((request) => JSON.stringify(request)).join('\n'), { mode: 0o600 });
    try {
      return await use(file);
    } finally {
      rmSync(file);
    }
  }
}
