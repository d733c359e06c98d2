import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgencyId, Epoch, LineItemId } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import type { Certificate } from "../campaign/certificate-book.js";
import { testIo } from "../testing/command-io.js";
import { type AuditOptions, runAudit } from "./audit-command.js";
import { tellerOf } from "./desk-teller.js";
import { openKeyFiles } from "./key-files.js";
import { ReleaseDesk, type Shown } from "./release-desk.js";
import { ReleaseLedger, releasesFolderOf } from "./release-ledger.js";
import { keepServedEpoch } from "./served-epoch.js";

let data = "";
let nowMs = Date.UTC(2026, 10, 26, 9);
let ledger: ReleaseLedger;
const complaints: string[] = [];
const log = { error: (fields: object) => void complaints.push(JSON.stringify(fields)) };

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-audit-"));
  nowMs = Date.UTC(2026, 10, 26, 9);
  complaints.length = 0;
  const { signing } = openKeyFiles(data);
  ledger = new ReleaseLedger(data, signing, () => nowMs as UnixMs);
});
afterEach(() => rmSync(data, { recursive: true }));

function audit(options: Partial<AuditOptions> = {}): { code: number; out: string; err: string } {
  const io = testIo({}, nowMs);
  const code = runAudit({ data, ...options }, io);
  return { code, out: io.out(), err: io.err() };
}
const segment = (name: string) => ({
  ...{ name, label: name, source: "commerce", recencyDays: 30, method: "observed" },
  ...{ bandedPeople: 150_000, agencies: [] },
});
const judged = (agency: number, digest: string, verdict: Shown["verdict"]): Shown => ({
  ...{ agency: agency as AgencyId, digest, epoch: 5 as Epoch, ruleVersion: 1, verdict },
});
const file = (): string => join(releasesFolderOf(data), "2026-11.ndjson");

function twoDays(): void {
  const desk = new ReleaseDesk(ledger, log);
  desk.segments(5, "abc", [segment("interest.running"), segment("brand.loyal")]);
  desk.verdicts([judged(1, "d1", "certified"), judged(1, "d2", "refused")]);
  nowMs += 86_400_000;
  desk.verdicts([judged(2, "d3", "certified")]);
  ledger.append([{ kind: "list", agency: 2, list: "friends", rows: 1200, unusable: 7 }]);
}

test("audit prints what was shown by day and agency, and says that the ledger is whole", () => {
  twoDays();
  const { code, out } = audit();
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.replaceAll(/ +/g, " "))).toEqual([
    "day agency count shown",
    "2026-11-26 operators 2 segment of epoch 5 with its band",
    "2026-11-26 1 1 audience certified",
    "2026-11-26 1 1 audience refused",
    "2026-11-27 2 1 audience certified",
    "2026-11-27 2 1 rows of its own list counted",
    expect.stringMatching(/^5 records, head [0-9a-f]{64}$/),
    "the ledger is whole",
    "",
  ]);
});

test("audit fails and names the line where the ledger was changed", () => {
  twoDays();
  const text = readFileSync(file(), "utf8");
  writeFileSync(file(), text.replace('"verdict":"refused"', '"verdict":"certified"'));
  const { code, out } = audit();
  expect(code).toBe(1);
  expect(out).toContain("BROKEN 2026-11.ndjson:4 does not follow from the line before it");
  const json = JSON.parse(audit({ json: true }).out) as { ok: boolean; breaks: unknown[] };
  expect(json).toMatchObject({ ok: false, breaks: [{ file: "2026-11.ndjson", line: 4 }] });
});

test("a ledger written anew, or gone although an epoch was served, is found", () => {
  twoDays();
  const { head } = JSON.parse(audit({ json: true }).out) as { head: { hash: string } };
  ledger.append([{ kind: "list", agency: 2, list: "more", rows: 1, unusable: 0 }]);
  expect(audit({ head: head.hash }).code).toBe(0);
  rmSync(releasesFolderOf(data), { recursive: true });
  expect(audit().code).toBe(0);
  keepServedEpoch(data, 5 as Epoch);
  expect(audit().code).toBe(1);
  twoDays();
  expect(audit().code).toBe(0);
  expect(audit({ head: head.hash }).code).toBe(1);
  expect(() => audit({ head: "abc" })).toThrow("--head");
});

test("what was shown before is no news after a restart, and another verdict is", () => {
  twoDays();
  twoDays();
  const count = (): number => ledger.records().length;
  // The list's answer alone: it is shown each time that a list is brought.
  expect(count()).toBe(6);
  new ReleaseDesk(ledger, log).verdicts([judged(1, "d1", "refused")]);
  expect(count()).toBe(7);
});

test("verdicts that the ledger does not take are told to nobody, in no number", () => {
  let full = true;
  const faulty = {
    recent: () => [],
    append: () => {
      if (full) throw new Error("ENOSPC");
    },
  };
  const desk = new ReleaseDesk(faulty, { error: () => undefined });
  const told: unknown[] = [];
  const write = (fields: object): void => void told.push(fields);
  const tell = tellerOf({
    ...{ log: { info: write, warn: write, error: write }, releases: desk },
    ...{ refusals: { note: () => undefined }, clock: { nowMs: () => nowMs as UnixMs } },
    also: (event) => void told.push(event),
  });
  const refused = [{ lineItems: [3 as LineItemId], cause: "refused" }];
  const certificates = [judged(1, "d1", "refused")] as unknown as readonly Certificate[];
  tell({ kind: "audiences_judged", refused, certificates });
  expect([told, desk.isSettled]).toEqual([[], false]);
  full = false;
  desk.settle();
  tell({ kind: "audiences_judged", refused, certificates });
  expect([told.length, desk.isSettled]).toEqual([2, true]);
});

test("what the disk does not take is complained of, and nothing is published until it does", () => {
  let full = true;
  const faulty = {
    recent: () => [],
    append: (...args: Parameters<ReleaseLedger["append"]>) => {
      if (full) throw new Error("ENOSPC");
      ledger.append(...args);
    },
  };
  const desk = new ReleaseDesk(faulty, log);
  desk.verdicts([judged(1, "d1", "certified")]);
  expect(complaints).toHaveLength(1);
  expect(() => desk.settle()).toThrow("ENOSPC");
  full = false;
  desk.settle();
  expect(ledger.records()).toMatchObject([{ kind: "certificate", digest: "d1" }]);
});
