import { expect, test } from "vitest";
import type {
  EntityChange,
  EntityState,
  JsonObject,
  Revision,
  RevisionQuery,
  User,
} from "../store/desk-store.js";
import type { Caller } from "./access.js";
import { raisesOfDay } from "./four-eyes.js";

const nowMs = 1_800_000_000_000;
const hourMs = 3_600_000;
const trader = { user: 1, role: "trader", agency: "1" } as Caller;
const approver = 2;

type Step = readonly [hoursAgo: number, user: number, total: number, more?: Partial<EntityState>];

const users = [
  { id: 1, role: "trader" },
  { id: approver, role: "approver" },
] as User[];
/** Of these revisions, the oldest first; `asked` gets each question. */
const storeOf = (history: readonly Revision[], asked: RevisionQuery[] = []) => ({
  revisions: (query: RevisionQuery) => {
    asked.push(query);
    const { kind, keys = [], before = Number.POSITIVE_INFINITY, limit } = query;
    const value = history.filter(
      (one) => one.kind === kind && keys.includes(one.key) && one.seq < before,
    );
    return Promise.resolve({ ok: true as const, value: value.toReversed().slice(0, limit) });
  },
  users: () => Promise.resolve({ ok: true as const, value: users }),
});

/** The fields refused to a trader who wants this total after these steps, the oldest first. */
async function refused(total: number, steps: readonly Step[], caller = trader) {
  const formOf = (amount: number): JsonObject => ({ budget: { total: amount } });
  const states = steps.map(([, , amount, more]): EntityState => {
    return { draft: false, archived: false, form: formOf(amount), ...more };
  });
  const revisions = steps.map(([hoursAgo, user], i) => ({
    ...{ seq: i + 1, atMs: nowMs - hoursAgo * hourMs, actor: { user, name: "", from: "" } },
    ...{ kind: "campaign", key: "7" },
    ...{ before: states[i - 1] ?? null, after: states[i]! },
  })) as unknown as Revision[];
  const wanted = { kind: "campaign", key: "7", draft: false, form: formOf(total) } as EntityChange;
  const last = states.at(-1) ?? null;
  const found = await raisesOfDay(storeOf(revisions), { caller, nowMs }, [wanted], () => last);
  if (!found.ok) return found.code;
  return [...found.value.values()].flat().map(({ field }) => field);
}

test("steps within a day are added up, older ones are what they are counted from", async () => {
  expect(
    await refused(150, [
      [30, 1, 100],
      [20, 1, 140],
    ]),
  ).toEqual([]);
  expect(
    await refused(151, [
      [30, 1, 100],
      [20, 1, 140],
    ]),
  ).toEqual(["budget.total"]);
  expect(
    await refused(210, [
      [30, 1, 100],
      [24, 1, 140],
    ]),
  ).toEqual([]);
  expect(
    await refused(151, [
      [5, 1, 100],
      [4, 3, 120],
      [3, 1, 140],
    ]),
  ).toEqual(["budget.total"]);
});

test("thousands of changes hide no raise, and more than anybody reads let none pass", async () => {
  const changes = (count: number): Step[] => [
    [30, 1, 100],
    ...Array.from({ length: count }, (): Step => [20, 1, 140]),
  ];
  expect(await refused(150, changes(5000))).toEqual([]);
  expect(await refused(151, changes(5000))).toEqual(["budget.total"]);
  expect(await refused(141, changes(10_000))).toEqual(["budget.total"]);
  expect(await refused(140, changes(10_000))).toEqual([]);
});

test("an approver's budget is counted from, another edit of an approver is not", async () => {
  expect(
    await refused(600, [
      [30, 1, 100],
      [2, approver, 400],
    ]),
  ).toEqual([]);
  expect(
    await refused(601, [
      [30, 1, 100],
      [2, approver, 400],
    ]),
  ).toEqual(["budget.total"]);
  expect(
    await refused(160, [
      [9, 1, 100],
      [8, 1, 140],
      [2, approver, 140],
    ]),
  ).toEqual(["budget.total"]);
  const byApprover = { ...trader, role: "approver" } as Caller;
  expect(await refused(9999, [[1, 1, 100]], byApprover)).toEqual([]);
});

test("a draft in between counts for nothing, and one that was never published is free", async () => {
  const draft = { draft: true };
  expect(
    await refused(900, [
      [3, 1, 100],
      [2, 1, 900, draft],
    ]),
  ).toEqual(["budget.total"]);
  expect(await refused(900, [[2, 1, 100, draft]])).toEqual([]);
});

/** Published twice within a day: first with a total of 100, then with 140. */
const twice = (seq: number, kind: string, key: string): Revision[] =>
  [30, 20].map((hoursAgo, i) => ({
    ...{ seq: seq + i, kind, key, atMs: nowMs - hoursAgo * hourMs },
    ...{ actor: { user: 1, name: "", from: "" }, before: null },
    after: { draft: false, archived: false, form: { budget: { total: 100 + 40 * i } } },
  })) as unknown as Revision[];

const wantedOf = (kind: string, key: string, total: number): EntityChange =>
  ({ kind, key, draft: false, form: { budget: { total } } }) as unknown as EntityChange;

test("of many things the history is asked for together, and each is judged by its own", async () => {
  const keys = Array.from({ length: 1000 }, (_, i) => String(i + 1));
  const history = keys.flatMap((key, i) => twice(2 * i, "lineItem", key));
  history.push(...twice(2000, "campaign", "1"));
  const changes = keys.map((key, i) => wantedOf("lineItem", key, i % 2 === 0 ? 150 : 151));
  const asked: RevisionQuery[] = [];
  const before = { form: { budget: { total: 140 } }, draft: false };
  const found = await raisesOfDay(
    storeOf(history, asked),
    { caller: trader, nowMs },
    [...changes, wantedOf("campaign", "1", 151)],
    () => before,
  );
  const refusedOf = found.ok ? [...found.value.keys()] : [];
  expect(refusedOf.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
    "campaign 1",
    ...keys.filter((_, i) => i % 2 === 1).map((key) => `lineItem ${key}`),
  ]);
  expect(asked.map(({ kind }) => kind)).toEqual(["campaign", "lineItem"]);
});

test("what was changed most hides nothing of what is asked for with it", async () => {
  const quiet = twice(0, "lineItem", "1");
  const [first, last] = twice(2, "lineItem", "2");
  const busy = Array.from({ length: 900 }, (_, i) => ({ ...last!, seq: 3 + i }));
  const wanted = ["1", "2"].map((key) => wantedOf("lineItem", key, 151));
  const found = await raisesOfDay(
    storeOf([...quiet, first!, ...busy]),
    { caller: trader, nowMs },
    wanted,
    () => ({ form: { budget: { total: 140 } }, draft: false }),
  );
  expect(found.ok && [...found.value.keys()]).toEqual(wanted);
});
