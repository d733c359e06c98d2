import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CreativeId } from "../base/ids.js";
import { tokenLifeSec } from "../base/limits.js";
import { RetiredCreatives } from "./retired-creatives.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "retired-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const creative = (id: number) => ({
  id: id as CreativeId,
  landingPage: `https://brand.example/${id}`,
});
const hourMs = 3_600_000;
const lifeMs = tokenLifeSec * 1000;
const startMs = Date.parse("2026-12-01T00:00Z");

test("a creative that leaves after days without a build stays for a token's life from then", () => {
  const path = join(root, "landing-pages.json");
  const first = new RetiredCreatives(path);
  expect(first.turn([creative(1), creative(2)], startMs)).toEqual([]);
  const removedMs = startMs + lifeMs + 5 * hourMs;
  expect(first.turn([creative(2)], removedMs)).toMatchObject([creative(1)]);
  // Also over a restart, and on to the last moment of a token.
  const second = new RetiredCreatives(path);
  expect(second.turn([creative(2)], removedMs + lifeMs)).toMatchObject([creative(1)]);
  expect(second.turn([creative(2)], removedMs + lifeMs + 1)).toEqual([]);
});

test("a creative that was current when the process ended counts as bid until the next start", () => {
  const path = join(root, "landing-pages.json");
  new RetiredCreatives(path).turn([creative(1)], startMs);
  const later = startMs + 2 * lifeMs;
  expect(new RetiredCreatives(path).turn([], later)).toMatchObject([creative(1)]);
});

test("the file is written again only when a creative came, went or leads elsewhere", () => {
  const path = join(root, "landing-pages.json");
  const retired = new RetiredCreatives(path);
  const wrote = (creatives: Parameters<RetiredCreatives["turn"]>[0], atMs: number): boolean => {
    rmSync(path, { force: true });
    retired.turn(creatives, atMs);
    return existsSync(path);
  };
  expect(wrote([creative(1), creative(2)], startMs)).toBe(true);
  expect(wrote([creative(1), creative(2)], startMs + hourMs)).toBe(false);
  expect(wrote([creative(1)], startMs + hourMs)).toBe(true);
  expect(wrote([creative(1)], startMs + 2 * hourMs)).toBe(false);
  const elsewhere = { ...creative(1), landingPage: "https://brand.example/new" };
  expect(wrote([elsewhere], startMs + 2 * hourMs)).toBe(true);
  expect(wrote([elsewhere], startMs + hourMs + lifeMs + 1)).toBe(true);
});

test("a creative that comes back is no retired one", () => {
  const retired = new RetiredCreatives(join(root, "landing-pages.json"));
  retired.turn([creative(1)], startMs);
  expect(retired.turn([], startMs + hourMs)).toMatchObject([creative(1)]);
  expect(retired.turn([creative(1)], startMs + 2 * hourMs)).toEqual([]);
});
