import './support/typescript-hook.mjs';

export default async function globalTeardown(): Promise<void> {
  const { stopTestServer } = await import('./support/test-server.js');
  await stopTestServer();
}
