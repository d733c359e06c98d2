import { useEffect, useRef, useState } from "preact/hooks";
import type { Listing, Problem } from "./answers.js";
import { get, withQuery } from "./api.js";

export type Fetched<T> = {
  /** The last good answer: stays while a newer one, or one of another filter, is asked for. */
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
  readonly reload: () => void;
};

/**
 * What a path answers; asked again every `everyMs` while the window is visible. null asks nothing.
 */
export function useFetched<T>(path: string | null, everyMs = 0): Fetched<T> {
  const [state, setState] = useState<{
    path: string | null;
    value: T | null;
    problem: Problem | null;
  }>({ path: null, value: null, problem: null });
  const [round, setRound] = useState(0);
  const [loading, setLoading] = useState(path !== null);
  useEffect(() => {
    if (path === null) return;
    const ending = new AbortController();
    setLoading(true);
    void get<T>(path, ending.signal).then(
      (answer) => {
        setLoading(false);
        setState((was) =>
          answer.ok
            ? { path, value: answer.value, problem: null }
            : { path, value: was.path === path ? was.value : null, problem: answer.problem },
        );
      },
      () => undefined,
    );
    return () => ending.abort();
  }, [path, round]);
  useEvery(everyMs, () => setRound((n) => n + 1));
  const sameThing = path !== null && state.path?.split("?")[0] === path.split("?")[0];
  return {
    value: sameThing ? state.value : null,
    problem: state.path === path ? state.problem : null,
    loading,
    reload: () => setRound((n) => n + 1),
  };
}

/** A page that nobody touches stops asking, so that the session can grow old and end. */
const idleMs = 10 * 60_000;
let touchedMs = performance.now();
for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "focus"]) {
  addEventListener(kind, () => {
    touchedMs = performance.now();
  });
}
const somebodyIsThere = (): boolean =>
  document.visibilityState === "visible" && performance.now() - touchedMs < idleMs;

/** Calls `then` every so often while somebody is there to see it; 0 = never. */
export function useEvery(everyMs: number, then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    if (everyMs === 0) return;
    const timer = setInterval(() => {
      if (somebodyIsThere()) latest.current();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

/** `value` once it has stood still for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** Rows of which only those in sight are known. */
export type Rows<Row> = {
  readonly count: number;
  /** null = not here yet. */
  readonly at: (index: number) => Row | null;
  readonly need: (first: number, last: number) => void;
};
export const rowsOf = <Row>(all: readonly Row[]): Rows<Row> => ({
  count: all.length,
  at: (index) => all[index] ?? null,
  need: () => undefined,
});

const pageRows = 100;
type Pages<Row> = {
  path: string | null;
  total: number | null;
  pages: ReadonlyMap<number, readonly Row[]>;
  problem: Problem | null;
};

/**
 * A long listing, page by page as it is scrolled into sight; the pages in sight are asked again
 * every `everyMs`. While another filter loads, the rows of the one before stay.
 */
export function usePages<Row>(path: string | null, everyMs = 0) {
  const [state, setState] = useState<Pages<Row>>({
    ...{ path: null, total: null, problem: null },
    pages: new Map(),
  });
  const seen = useRef({ first: 0, last: 0 });
  /** Asked for, or failed and not to be asked for again before the next round. */
  const asked = useRef(new Set<string>());
  const current = useRef(path);
  current.current = path;

  const ask = (page: number): void => {
    if (path === null) return;
    const mark = `${page} ${path}`;
    if (asked.current.has(mark)) return;
    asked.current.add(mark);
    const [base = "", query = ""] = path.split("?");
    const parts = Object.fromEntries(new URLSearchParams(query));
    const address = withQuery(base, { ...parts, limit: pageRows, offset: page * pageRows });
    void get<Listing<Row>>(address).then((answer) => {
      if (answer.ok) asked.current.delete(mark);
      if (current.current !== path) return;
      setState((was) => {
        if (!answer.ok) return { ...was, path, problem: answer.problem };
        const pages = new Map(was.path === path ? was.pages : []);
        pages.set(page, answer.value.items);
        return { path, total: answer.value.total, pages, problem: null };
      });
    });
  };
  const askSeen = (again: boolean): void => {
    const { first, last } = seen.current;
    if (again && state.problem !== null) asked.current.clear();
    for (let page = Math.floor(first / pageRows); page * pageRows <= last; page++) {
      if (again || !(state.path === path && state.pages.has(page))) ask(page);
    }
  };
  useEffect(() => {
    seen.current = { first: 0, last: 0 };
    asked.current.clear();
    ask(0);
  }, [path]);
  useEvery(everyMs, () => askSeen(true));
  const rows: Rows<Row> = {
    count: state.total ?? 0,
    at: (index) => state.pages.get(Math.floor(index / pageRows))?.[index % pageRows] ?? null,
    need: (first, last) => {
      seen.current = { first, last };
      askSeen(false);
    },
  };
  return {
    rows,
    total: state.total,
    problem: state.problem,
    loading: state.path !== path,
    reload: () => askSeen(true),
  };
}
