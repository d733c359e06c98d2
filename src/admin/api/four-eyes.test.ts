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

/** The fields refused to a trader who wants this total after these steps, the oldest first. */
async function refused(total: number, steps: readonly Step[], caller = trader) {
  const formOf = (amount: number): JsonObject => ({ budget: { total: amount } });
  const states = steps.map(([, , amount, more]): EntityState => {
    return { draft: false, archived: false, form: formOf(amount), ...more };
  });
  const revisions = steps.map(([hoursAgo, user], i) => ({
    ...{ seq: i + 1, atMs: nowMs - hoursAgo * hourMs, actor: { user, name: "", from: "" } },
    ...{ before: states[i - 1] ?? null, after: states[i]! },
  })) as unknown as Revision[];
  const users = [
    { id: 1, role: "trader" },
    { id: approver, role: "approver" },
  ] as User[];
  const store = {
    revisions: ({ before = Number.POSITIVE_INFINITY, limit }: RevisionQuery) => {
      const value = revisions.filter(({ seq }) => seq < before).toReversed();
      return Promise.resolve({ ok: true as const, value: value.slice(0, limit) });
    },
    users: () => Promise.resolve({ ok: true as const, value: users }),
  };
  const wanted = { kind: "campaign", key: "7", draft: false, form: formOf(total) } as EntityChange;
  const last = states.at(-1) ?? null;
  const found = await raisesOfDay(store, { caller, nowMs }, [wanted], () => last);
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
