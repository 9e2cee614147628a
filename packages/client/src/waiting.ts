/** Resolves after `ms`. In Node it keeps no process alive. */
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, ms);
    (timer as { unref?: () => void }).unref?.();
  });

/** What may carry a caller's wish to stop: a request, or the options of a call. */
export interface Abortable {
  readonly signal?: AbortSignal;
}

/**
 * Leaves a promise that others wait for, too, when the caller's signal aborts: the work goes on.
 * @throws the signal's reason
 */
export const unlessAborted = <T>(work: Promise<T>, { signal }: Abortable = {}): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal?.reason as Error);
    };
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort);
    void work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort));
  });
