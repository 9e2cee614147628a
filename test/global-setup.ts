import './support/typescript-hook.mjs';

/** Jest calls this once a run, in its own process and outside its module system, hence the hook. */
export default async function globalSetup(): Promise<void> {
  const { startTestServer } = await import('./support/test-server.js');
  await startTestServer();
}
