import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { ConfigError, EXIT_CONFIG } from './config/config-error.js';
import { loadOwnOrigin } from './config/own-address.js';

const PATH = '/health/ready';
/** Less than what a container engine waits, so that the reason is told. */
const TIMEOUT_MS = 2_500;
const ANSWER_LIMIT = 2_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks the service of this machine whether it is ready. Nothing secret is sent, so it need not prove its name. */
function ask(url: URL): Promise<Answer> {
  const get = url.protocol === 'https:' ? getSecure : getPlain;
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), agent: false, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const request = get(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text = (text + piece).slice(0, ANSWER_LIMIT)));
      response.once('error', reject).once('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.once('error', reject);
  });
}

/** @returns 0 where it is ready, else 1 */
async function check(): Promise<number> {
  const { status, text } = await ask(new URL(PATH, loadOwnOrigin()));
  process.stdout.write(`${status} ${text}\n`);
  return status === 200 ? 0 : 1;
}

function explain(error: unknown): number {
  process.stderr.write(`Not ready: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof ConfigError ? EXIT_CONFIG : 1;
}

// A container engine knows 0 and 1 alone; 78 is for people.
process.exitCode = await check().catch(explain);
