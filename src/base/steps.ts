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

/** A list made of another, with a pause between some. */
export function* mapSteps<T, U>(
  list: readonly T[],
  make: (one: T, index: number) => U,
  aStep = 64,
): Steps<U[]> {
  const made: U[] = [];
  for (let i = 0; i < list.length; i++) {
    if (i % aStep === aStep - 1) yield;
    made.push(make(list[i] as T, i));
  }
  return made;
}
