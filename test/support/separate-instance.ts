import type { TestApp, TestAppOptions } from './test-app.js';

/**
 * Starts the service with modules of its own, as another process has them: two applications out of the same modules share
 * whatever those keep for the process, such as where the log goes.
 * Classes of the test are not those of this instance: reach it by `api`, `sql` and `clock` alone.
 */
export async function startSeparateInstance(options: TestAppOptions = {}): Promise<Omit<TestApp, 'app'>> {
  let started: Promise<TestApp> | undefined;
  await jest.isolateModulesAsync(async () => {
    const { startTestApp } = await import('./test-app.js');
    started = startTestApp(options);
    await started;
  });
  if (!started) throw new Error('jest.isolateModulesAsync did not run');
  return started;
}
