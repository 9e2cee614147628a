import type { MeasuredProcess } from '../../measured-process.js';

export interface LoopRun {
  readonly done: number;
  readonly seconds: number;
}

const MARGIN_MS = 60_000;

/** Has a loop in a process of its own run for so long. @param job what it is to do, beside */
export async function runLoop(
  loop: MeasuredProcess,
  seconds: number,
  job: object,
): Promise<LoopRun & { readonly cpuMs: number }> {
  const before = loop.cpuMs;
  const run = await loop.ask<LoopRun>({ ...job, seconds }, seconds * 1000 + MARGIN_MS);
  return { ...run, cpuMs: loop.cpuMs - before };
}
