import { say } from '../run-benchmark.js';

/** Somebody who is measured. */
export interface Entrant<Result> {
  readonly name: string;
  /** One round. */
  readonly run: () => Promise<Result>;
  /** Where one round is not enough for that. */
  readonly warmUp?: () => Promise<unknown>;
}

/** Warms all up, then A B C A B C …: what the machine does beside is shared by all. @returns of each entrant, its rounds */
export async function interleaved<Result>(
  entrants: readonly Entrant<Result>[],
  rounds: number,
  tell: (result: Result) => string,
): Promise<readonly (readonly Result[])[]> {
  for (const { run, warmUp = run } of entrants) await warmUp();
  const results = entrants.map((): Result[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { name, run }] of entrants.entries()) {
      const result = await run();
      results[index]?.push(result);
      say(`  ${round + 1}/${rounds} ${name}: ${tell(result)}`);
    }
  }
  return results;
}
