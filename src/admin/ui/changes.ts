import type { BulkAnswer, ChangeEntry, Entity } from "./answers.js";
import { type Answer, call, get, onceKey, post, withQuery } from "./api.js";
import { toast } from "./kit/toast.js";

/** Changes with their way back: what was done is undone by its number, never by a guess. */

export async function undoChange(change: number, then: () => void): Promise<void> {
  const answer = await post(`/changes/${change}/undo`, {}, onceKey());
  toast(
    answer.ok ? { words: "Undone." } : { words: `Not undone: ${answer.problem.detail}`, bad: true },
  );
  then();
}

/** The number of the change that made this version; null = it cannot be found any more. */
async function changeOf(entity: Entity): Promise<number | null> {
  const { kind, key, version } = entity;
  const path = withQuery("/changes", { kind, key, limit: 10 });
  const answer = await get<{ readonly items: readonly ChangeEntry[] }>(path);
  if (!answer.ok) return null;
  const found = answer.value.items.find(({ revisions }) =>
    revisions.some((one) => one.kind === kind && one.key === key && one.version === version),
  );
  return found?.change ?? null;
}

/** Says that something was saved, with the way back. */
export function sayDone(words: string, saved: Entity, then: () => void): void {
  const undo = async (): Promise<void> => {
    const change = await changeOf(saved);
    if (change === null) toast({ words: "Not undone: the history does not answer.", bad: true });
    else await undoChange(change, then);
  };
  toast({ words, undo: () => void undo() });
}

export type BulkSet = {
  readonly paused?: boolean;
  readonly archived?: boolean;
  readonly cpm?: Step;
  readonly maxCpm?: Step;
  readonly budgetTotal?: Step;
  readonly budgetDaily?: Step;
  readonly addCreative?: number;
  readonly removeCreative?: number;
};
export type Step = { readonly to: number } | { readonly byPercent: number };

export const bulk = (
  keys: readonly string[],
  set: BulkSet,
  preview: boolean,
): Promise<Answer<BulkAnswer>> => {
  const body = { keys, set, preview };
  return post("/line-items/bulk", body, preview ? undefined : onceKey());
};

const itemsText = (count: number): string => `${count} line item${count === 1 ? "" : "s"}`;

/** Does it and says so. A pause that cannot be saved offers the stop, which always can. */
export async function bulkAndSay(
  keys: readonly string[],
  set: BulkSet,
  done: string,
  then: () => void,
): Promise<void> {
  const answer = await bulk(keys, set, false);
  if (answer.ok) {
    const { changed, rows, change } = answer.value;
    const refused = rows.filter(({ error }) => error !== undefined);
    const [first] = refused;
    const rest = first === undefined ? "" : ` ${refused.length} not: ${first.name}: ${first.error}`;
    toast({
      words: `${itemsText(changed)} ${done}.${rest}`,
      bad: changed === 0,
      ...(change === undefined ? {} : { undo: () => void undoChange(change, then) }),
    });
  } else {
    const words = `Not ${done}: ${answer.problem.detail}`;
    const stoppable = set.paused === true && answer.problem.status === 503;
    const stopAll = (): void => void Promise.all(keys.map(stopLineItem)).then(then);
    const action = { label: "Stop instead", run: stopAll };
    toast({ words, bad: true, ...(stoppable ? { action } : {}) });
  }
  then();
}

const stopLineItem = (key: string): Promise<void> => addStop("lineItem", key, `Line item ${key}`);

/** Everything of it off within a second, also while the store is locked. */
export async function addStop(kind: string, key: string, name: string): Promise<void> {
  const answer = await post("/stops", { kind, key }, onceKey());
  if (answer.ok) toast({ words: `${name} is stopped.`, undo: () => void endStop(kind, key, name) });
  else toast({ words: `Not stopped: ${answer.problem.detail}`, bad: true });
  stopsChanged();
}

export async function endStop(kind: string, key: string, name: string): Promise<void> {
  const answer = await call("DELETE", `/stops/${kind}/${encodeURIComponent(key)}`);
  if (answer.ok) {
    toast({ words: `${name} runs again.`, undo: () => void addStop(kind, key, name) });
  } else toast({ words: `Still stopped: ${answer.problem.detail}`, bad: true });
  stopsChanged();
}

const listeners = new Set<() => void>();
const stopsChanged = (): void => {
  for (const listener of listeners) listener();
};
/** Calls back when this page changed a stop. Gives the way to end it. */
export function onStops(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
