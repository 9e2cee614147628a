import { asGatehouseError } from './errors.js';
import type { Parts, Refresh } from './refresh.js';
import { persistently } from './service.js';

export interface SignOut {
  /** Signs out this session: at once in all tabs, then at the service, which is told until it has heard. */
  readonly here: () => Promise<void>;
  /** Tells the service of a sign-out that has been left undone. */
  readonly finish: () => Promise<void>;
}

/** The ways out. */
export function signOuts({ keep, memory, post, tabs }: Parts, { end }: Refresh): SignOut {
  const finish = (isNew?: boolean): Promise<void> =>
    tabs.alone(async () => {
      const kept = await keep.read();
      // Somebody has signed in meanwhile; or there is nothing left to do.
      if (isNew ? memory.sessionId() : !kept.signingOut) return;
      // Before it is sent, so that a page that is closed or cannot reach the service leaves it to the next.
      if (isNew) await keep.write({ ...kept, signingOut: true });
      await persistently(() => post('/api/logout', { refreshToken: kept.refreshToken })).catch((error: unknown) => {
        // Refused: there is no such session any more.
        if (asGatehouseError(error).status !== 401) throw error;
      });
      await keep.write({});
    });
  return {
    finish,
    here: async () => {
      const ended = memory.sessionId();
      end('signed_out');
      await finish(true);
      // A tab that was only opening has it from a refresh before.
      tabs.tell({ ended, reason: 'signed_out' });
    },
  };
}
