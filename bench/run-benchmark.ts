/** Tells whoever runs a benchmark how it goes; its results go to standard output. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** @param main resolves to the exit code of the process */
export function runBenchmark(main: () => Promise<number>): void {
  main().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      say(error instanceof Error ? (error.stack ?? error.message) : String(error));
      process.exitCode = 1;
    },
  );
}
