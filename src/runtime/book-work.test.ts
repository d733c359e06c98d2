import { expect, test } from "vitest";
import type { Steps } from "../base/steps.js";
import type { BudgetBook } from "../ledger/budget.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { BookWork } from "./book-work.js";

/** A book whose work takes three steps each. */
class Book {
  readonly told: string[] = [];
  nowMs = 1_000_000;
  /** Those that tell of now. */
  looks = 0;
  readonly work = new BookWork({
    book: {
      adoptSteps: ({ generation }: BudgetPlan) => this.steps(`plan ${generation}`),
      planSteps: () => this.steps("look"),
    } as unknown as BudgetBook,
    monotonicMs: () => this.nowMs,
    put: () => undefined,
    onWorld: (generation) => this.told.push(`world ${generation}`),
    onLooked: () => this.looks++,
    isOver: () => true,
  });

  private *steps(name: string): Steps<void> {
    for (let step = 0; step < 2; step++) yield;
    this.told.push(name);
  }

  /** So many rounds; what was told in them. */
  rounds(count: number): string[] {
    for (let i = 0; i < count; i++) this.work.run(this.nowMs);
    return this.told.splice(0);
  }

  adopt(...generations: readonly number[]): void {
    for (const generation of generations) {
      this.work.adopt({ generation, campaigns: [], billsBy: [] });
    }
  }
}

test("of plans that come quickly the newest is adopted, and each World is told after its plan", () => {
  const book = new Book();
  book.adopt(1);
  expect(book.rounds(1)).toEqual([]);
  book.adopt(2, 3);
  book.work.noteGeneration(4);
  expect(book.rounds(20)).toEqual([
    ...["plan 1", "world 1", "look"],
    ...["plan 3", "world 2", "world 3", "world 4", "look"],
  ]);
  book.work.noteGeneration(5);
  expect(book.told).toEqual(["world 5"]);
  expect(book.work.isBusy).toBe(false);
});

test("a look is due after 50 ms, and one that has begun ends before a plan", () => {
  const book = new Book();
  expect(book.rounds(9)).toEqual(["look"]);
  book.nowMs += 49;
  expect(book.rounds(9)).toEqual([]);
  book.nowMs += 1;
  book.rounds(1);
  book.adopt(1);
  expect(book.rounds(20)).toEqual(["look", "plan 1", "world 1", "look"]);
});

test("plans that keep coming do not keep allowances from being looked at", () => {
  const book = new Book();
  let looks = 0;
  for (let generation = 1; generation <= 60; generation++) {
    book.adopt(generation);
    looks += book.rounds(1).filter((told) => told === "look").length;
  }
  expect(looks).toBeGreaterThan(5);
});

test("the end of the process does all that was begun or waits", () => {
  const book = new Book();
  book.adopt(1);
  book.rounds(1);
  book.adopt(2);
  book.work.finish(book.nowMs);
  expect(book.told).toEqual(["plan 1", "world 1", "look", "plan 2", "world 2", "look"]);
});

test("a clock that was set back does not put a look off", () => {
  const book = new Book();
  book.rounds(9);
  book.nowMs -= 1500;
  expect(book.rounds(9)).toEqual(["look"]);
});

test.each([5000, -5000])("a look in which %i ms went by at once does not count", (ms) => {
  const book = new Book();
  book.rounds(1);
  book.nowMs += ms;
  expect([book.rounds(2), book.looks]).toEqual([["look"], 0]);
  expect([book.rounds(3), book.looks]).toEqual([["look"], 1]);
});

/** Work without an end, on a clock that a step moves by a millisecond; gives a round's steps. */
function roundsOfWork(): (commitMs: number) => number {
  let nowMs = 0;
  function* endless(): Steps<void> {
    for (;;) {
      nowMs++;
      yield;
    }
  }
  const work = new BookWork({
    book: { planSteps: endless } as unknown as BudgetBook,
    monotonicMs: () => nowMs,
    ...{ put: () => undefined, onWorld: () => undefined, onLooked: () => undefined },
  });
  return (commitMs) => {
    work.noteCommit(commitMs);
    // What a round does before: notices take as long as they take.
    nowMs += 7;
    const beganMs = nowMs;
    work.run(1_000_000);
    return nowMs - beganMs;
  };
}

test("a slice takes 4 ms, as long as a slow commit, and no more than 100 ms", () => {
  const round = roundsOfWork();
  expect([0, 3, 30, 99, 5000, 1].map(round)).toEqual([4, 4, 30, 99, 100, 4]);
});
