import { expect, test } from "vitest";
import { crowdChecksADay } from "../base/crowd-minimum.js";
import type { AgencyId, Epoch } from "../base/ids.js";
import {
  type BookSnapshot,
  type BookState,
  CertificateBook,
  emptyBook,
} from "./certificate-book.js";
import type { AudienceNeeded } from "./compile-audiences.js";
import { crowdRuleVersion, type VerdictWord } from "./crowd-rule.js";

const today = 20_000;

/** An audience of one segment; its digest is its name. */
const needed = (name: string, agency = 1): AudienceNeeded => ({
  ...{ agency: agency as AgencyId, digest: name, lineItems: [] },
  audience: { terms: [{ all: [name], none: [] }] },
});
const all = (names: string): readonly AudienceNeeded[] =>
  names.split(" ").map((name) => needed(name));
const epoch = (number: number): BookSnapshot => ({
  ...{ epoch: number as Epoch, manifestDigest: `m${number}` },
});

type Word = VerdictWord | { readonly bears: number };

/** A book with a count that knows the answers; `asked` are the digests of the last count. */
function setUp(state: BookState = emptyBook()) {
  const book = new CertificateBook(state);
  const at = { day: today, forgetSequence: 0, words: {} as Record<string, Word> };
  const now = () => ({ day: at.day, forgetSequence: at.forgetSequence });
  const count = (number: number, audiences: readonly AudienceNeeded[]) => {
    const plan = book.plan(epoch(number), audiences, now());
    const asked = plan.audiences.filter(({ judged }) => judged).map(({ digest }) => digest);
    const verdicts = asked.map((digest) => {
      const word = at.words[digest] ?? "certified";
      return typeof word === "string"
        ? { verdict: word, bears: word === "certified" ? 10 : 0 }
        : { verdict: "certified" as const, bears: word.bears };
    });
    const told = book.note(plan, verdicts, now());
    const standing = plan.audiences.filter(({ judged }) => !judged).map(({ digest }) => digest);
    return { asked, standing, told };
  };
  const live = (number: number): string =>
    [...book.certified(epoch(number), now())].sort().join(" ");
  return { book, at, now, count, live };
}

test("nothing is certified over a snapshot that was not judged", () => {
  const { book, count, live } = setUp();
  count(1, all("a b"));
  expect([live(1), live(2)]).toEqual(["a b", ""]);
  expect(book.certified({ ...epoch(1), manifestDigest: "other" }, setUp().now()).size).toBe(0);
  expect(book.verdictOf(epoch(2), "a")).toBeUndefined();
});

test("a verdict says agency, set, epoch and rule, and the word for each cause is the same", () => {
  const { at, count } = setUp();
  at.words = { a: "refused" };
  const [certificate] = count(1, [needed("a", 7)]).told;
  expect(certificate).toEqual({
    ...{ agency: 7, digest: "a", epoch: 1, manifestDigest: "m1" },
    ...{ ruleVersion: crowdRuleVersion, verdict: "refused" },
  });
});

test("who was certified first is judged first, newcomers by their digests", () => {
  const { book, at, count } = setUp();
  expect(count(1, all("m z")).asked).toEqual(["m", "z"]);
  book.published(epoch(1));
  expect(count(2, all("a z m b")).asked).toEqual(["m", "z", "a", "b"]);
  // An edit: what stands is held against the newcomer, and is not judged again.
  expect(count(2, all("a z m b aa"))).toMatchObject({
    ...{ asked: ["aa"], standing: ["m", "z", "a", "b"] },
  });
  at.words = {};
  const again = setUp(book.state);
  expect(again.count(2, all("aa b")).asked).toEqual(["m", "z", "a", "b", "aa"]);
});

test("an audience that leaves the config still bars its neighbours in its epoch", () => {
  const { book, count } = setUp();
  count(1, all("a b"));
  book.published(epoch(1));
  expect(count(1, all("c"))).toMatchObject({ asked: ["c"], standing: ["a", "b"] });
  // After a restart as well, though nobody needs it.
  expect(setUp(book.state).count(1, all("c")).asked).toEqual(["a", "b", "c"]);
  // In the next epoch it has no place any more.
  expect(count(2, all("c d")).asked).toEqual(["c", "d"]);
});

test("what bid and falls is withdrawn at once and returns after 30 days, over restarts too", () => {
  const first = setUp();
  first.count(1, all("a b"));
  first.book.published(epoch(1));
  first.at.words = { a: "refused" };
  first.count(2, all("a b"));
  first.book.published(epoch(2));
  expect([first.live(2), first.book.verdictOf(epoch(2), "a")]).toEqual(["b", "refused"]);
  const { book, at, count, live } = setUp(first.book.state);
  at.day = today + 29;
  expect(count(3, all("a b")).asked).toEqual(["b"]);
  expect(book.unjudged(epoch(3), all("a b"), { day: at.day, forgetSequence: 0 })).toEqual([]);
  at.day = today + 30;
  expect(count(3, all("a b")).asked).toEqual(["a"]);
  expect(live(3)).toBe("a b");
});

test("what never bid may be judged in every epoch, and costs its check once", () => {
  const { book, at, count } = setUp();
  at.words = { a: "refused" };
  expect(count(1, all("a")).asked).toEqual(["a"]);
  expect(book.unjudged(epoch(1), all("a"), { day: today + 40, forgetSequence: 0 })).toEqual([]);
  expect(count(2, all("a")).asked).toEqual(["a"]);
  expect(book.checksLeft(1 as AgencyId, today)).toBe(crowdChecksADay - 1);
});

test("a segment that is not there costs no check", () => {
  const { book, at, count } = setUp();
  at.words = { a: "unknown_segment" };
  count(1, all("a"));
  expect(book.checksLeft(1 as AgencyId, today)).toBe(crowdChecksADay);
  expect(book.verdictOf(epoch(1), "a")).toBe("unknown_segment");
});

test("50 new checks an agency a day: the others are refused until tomorrow, by itself", () => {
  const { book, at, count, live } = setUp();
  const many = Array.from({ length: 60 }, (_, i) => needed(`a${String(99 - i)}`));
  const { asked, told } = count(1, [...many, needed("other", 2)]);
  // In the order of the config, which is the buyer's own.
  expect(asked).toHaveLength(51);
  expect([asked.includes("a99"), asked.includes("a40")]).toEqual([true, false]);
  expect(told.filter(({ verdict }) => verdict === "refused")).toHaveLength(10);
  expect([book.checksLeft(1 as AgencyId, today), book.checksLeft(2 as AgencyId, today)]).toEqual([
    ...[0, 49],
  ]);
  expect(count(1, many).asked).toEqual([]);
  // A clock that goes back brings no new checks.
  expect(book.checksLeft(1 as AgencyId, today - 1)).toBe(0);
  at.day++;
  expect(book.unjudged(epoch(1), many, { day: at.day, forgetSequence: 0 })).toHaveLength(10);
  expect(count(1, many).asked).toHaveLength(10);
  expect(
    live(1)
      .split(" ")
      .filter((name) => name !== "other"),
  ).toHaveLength(60);
  // Known ones are free in the next epoch.
  expect(setUp(book.state).count(2, many).asked).toHaveLength(60);
});

test("those who leave wear an audience: counted anew at half, dark when all it bears are gone", () => {
  const { book, at, now, count, live } = setUp();
  at.words = { a: { bears: 10 }, b: { bears: 100 }, c: { bears: 0 } };
  count(1, all("a b c"));
  const worn = () => book.unjudged(epoch(1), all("a b c"), now()).map(({ digest }) => digest);
  expect([worn(), live(1)]).toEqual([[], "a b c"]);
  at.forgetSequence = 1;
  expect([worn(), live(1)]).toEqual([["c"], "a b"]);
  at.forgetSequence = 6;
  expect([worn(), live(1)]).toEqual([["a", "c"], "a b"]);
  at.forgetSequence = 11;
  expect([worn(), live(1)]).toEqual([["a", "c"], "b"]);
  at.words = { a: { bears: 3 }, c: "refused" };
  expect(count(1, all("a b c"))).toMatchObject({ asked: ["a", "c"], standing: ["b"] });
  expect([worn(), live(1)]).toEqual([[], "a b"]);
  // It bid, so it is out for 30 days.
  expect(book.state.known["c"]).toEqual({ seenDay: today, withdrawnDay: today });
});

test("a book that lost its memory certifies nothing before the next day", () => {
  const { book, at, count, live } = setUp(emptyBook(today + 1));
  expect(count(1, all("a b")).told.map(({ verdict }) => verdict)).toEqual(["refused", "refused"]);
  expect([live(1), book.checksLeft(1 as AgencyId, today)]).toEqual(["", 0]);
  at.day++;
  expect(count(1, all("a b")).asked).toEqual(["a", "b"]);
});

test("an epoch that is counted and never published changes nobody's place", () => {
  const { book, count } = setUp();
  count(1, all("z a"));
  count(1, all("z a b"));
  book.published(epoch(1));
  count(2, all("z"));
  expect(count(3, all("b a z")).asked).toEqual(["a", "z", "b"]);
  book.published(epoch(3));
  expect(book.state.lists.map((list) => list.epoch)).toEqual([3]);
  book.forget(epoch(3));
  expect(count(3, all("b a z")).asked).toEqual(["a", "z", "b"]);
});

test("what nobody needed for 30 days is forgotten, and costs a check again", () => {
  const { book, at, count } = setUp();
  count(1, all("a"));
  book.published(epoch(1));
  at.day = today + 30;
  count(2, all("b"));
  expect(Object.keys(book.state.known)).toEqual(["b"]);
});
