/** Something that many wait for together. */
export class Gate {
  private opened: Promise<void> | undefined;
  private letThrough: (() => void) | undefined;

  /** Lets through all who wait. */
  open(): void {
    this.letThrough?.();
    this.opened = this.letThrough = undefined;
  }

  /** Resolves when it opens next, and after `atMostMs` anyway. @throws the reason of the signal */
  async pass(atMostMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.opened ??= new Promise((resolve) => (this.letThrough = resolve));
    const { opened } = this;
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        settle();
      };
      const aborted = end(() => {
        reject(signal?.reason as Error);
      });
      const passed = end(resolve);
      const timer = setTimeout(passed, Math.min(atMostMs, 2 ** 31 - 1));
      signal?.addEventListener('abort', aborted, { once: true });
      void opened.then(passed);
    });
  }
}
