/**
 * A job that may be asked for at any moment and runs one at a time: whoever asks while it runs gets
 * the next run, together with all others that wait. Gives the outcome of a run that began after the
 * call; the job never rejects.
 */
export function coalesced<T>(job: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  let next: Promise<T> | null = null;
  const run = (): Promise<T> => {
    running = job().finally(() => {
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
