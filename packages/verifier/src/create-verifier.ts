import { VerifiedTokens } from './access-token/verified-tokens.js';
import { systemClock } from './clock.js';
import { Follower } from './follower.js';
import { Gatehouse } from './gatehouse.js';
import { KeySet } from './keys/key-set.js';
import { readSettings } from './options.js';
import type { VerifierOptions } from './options.js';
import { Denylist } from './revocations/denylist.js';
import { RevocationFeed } from './revocations/revocation-feed.js';
import { Verifier } from './verifier.js';

/**
 * Makes a verifier and lets it load the keys and follow what is revoked, until it is closed: await its `ready()` before you
 * serve anything. One of them is enough for a process.
 * @throws VerifierSetupError for an option that cannot be
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const settings = readSettings(options);
  const clock = systemClock(options.now);
  const gatehouse = new Gatehouse(settings, options.fetch);
  const onError = (error: unknown): void => {
    follower.note(error);
  };
  const denylist = new Denylist(settings.maxRevocations);
  const keys = new KeySet(() => gatehouse.keySet(), clock, onError);
  const verified = new VerifiedTokens(clock, {
    atMost: settings.rememberTokens,
    lifeSeconds: settings.maxTokenLifeSeconds,
  });
  const feed = new RevocationFeed({
    open: (position, signal) => gatehouse.revocations(position, signal),
    denylist,
    clock,
    maxStalenessMs: settings.maxStalenessMs,
    onKey: (kid) => {
      keys.revoke(kid);
    },
    onReady: () => {
      follower.refreshKeys();
    },
    onChange: () => {
      follower.look();
    },
    onError,
  });
  const { failOpen } = settings;
  const follower: Follower = new Follower({ feed, keys, denylist, verified, failOpen, onStatus: options.onStatus });
  const verifier = new Verifier({ settings, clock, keys, denylist, verified, follower });
  follower.start();
  closeBy(options.signal, verifier);
  return verifier;
}

function closeBy(signal: AbortSignal | undefined, verifier: Verifier): void {
  const close = (): void => {
    verifier.close();
  };
  if (signal?.aborted === true) close();
  else signal?.addEventListener('abort', close, { once: true });
}
