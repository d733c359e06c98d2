/**
 * A job that may be asked for at any moment and runs one at a time: whoever asks while it runs gets
 * the next run, together with all others that wait. Resolves after a run that began after the call.
 */
export function coalesced(job: () => Promise<unknown>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const run = (): Promise<void> => {
    running = job().then(
      () => undefined,
      () => undefined,
    );
    void running.then(() => {
      running = null;
    });
    return running;
  };
  return () => {
    if (running === null) return run();
    next ??= running.then(() => {
      next = null;
      return run();
    });
    return next;
  };
}
