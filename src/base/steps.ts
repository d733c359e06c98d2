/**
 * Long work that gives the thread back now and then: a generator that yields between short pieces
 * and returns the result. Pure code stays pure: who runs it says when to pause.
 */
export type Steps<T> = Generator<void, T, void>;

/** Without a pause. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
