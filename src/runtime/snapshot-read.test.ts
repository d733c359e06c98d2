import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Epoch, Ordinal } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import type { UnixMs } from "../base/units.js";
import { SegmentIndex } from "../index/segment-index.js";
import type { Refusal, RefusalCode } from "../index/verify.js";
import {
  smallFacts,
  smallImage,
  testNowMs,
  testSigningKeys,
  testTrust,
} from "../testing/small-snapshot.js";
import { appendForget } from "./forget-log.js";
import { fillPieces } from "./snapshot-fill.js";
import {
  candidateEpochs,
  finishLoad,
  type LoadedSnapshot,
  type LoadRequest,
  prepareLoad,
} from "./snapshot-load.js";
import { writeSnapshot } from "./snapshot-write.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-snapshot-"));
afterAll(() => rmSync(root, { recursive: true }));

const keys = testSigningKeys(1);
let folders = 0;

/**
 * A snapshots folder with the given epochs of a small population, and the request to load from it.
 */
function snapshots(epochs: readonly number[], people = 300, segments = 70): LoadRequest {
  const snapshotsFolder = join(root, `s${folders++}`);
  for (const epoch of epochs) {
    const { image } = smallImage(epoch, people, segments, epoch);
    writeSnapshot(snapshotsFolder, image, smallFacts(segments), keys);
  }
  return {
    snapshotsFolder,
    forgetLog: join(snapshotsFolder, "forget.log"),
    trust: testTrust(keys),
    servedEpoch: 0 as Epoch,
    wanted: null,
    nowMs: testNowMs,
  };
}

/** The same steps as the loader thread, in this one. */
function load(request: LoadRequest, epoch: number): LoadedSnapshot | Refusal {
  const prepared = prepareLoad(request, epoch);
  if (!prepared.ok) return prepared;
  return fillPieces(prepared.plan, () => {}) ?? finishLoad(request, prepared.load);
}

const codeOf = (loaded: LoadedSnapshot | Refusal): RefusalCode | "served" =>
  "ok" in loaded ? loaded.code : "served";

function change(path: string, edit: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  edit(bytes);
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}

test("what was written is what is served: identifiers, rows, home areas, dictionary", () => {
  const request = snapshots([4]);
  const loaded = load(request, 4);
  if ("ok" in loaded) throw new Error(loaded.words);
  const index = SegmentIndex.from(loaded.parts);
  const { truth, image } = smallImage(4, 300, 70, 4);
  const row = new Uint32Array(3);
  for (const [n, hashes] of truth.hashes.entries()) {
    for (const [lo, hi] of hashes) expect(index.ordinalOf(lo, hi)).toBe(n);
    index.rowInto(n as Ordinal, row);
    expect([...row]).toEqual([...truth.rows[n]!]);
    expect(index.homeAreaOf(n as Ordinal)).toBe(truth.areas[n]);
  }
  expect(index.peopleCount).toBe(image.peopleCount);
  expect(loaded.places.get("group.s69")).toEqual({ word: 2, bit: 5, agencies: [] });
  expect(loaded.areas).toEqual(["north", "east", "south"]);
});

test("a projection reads its planes alone: another plane's file may even be damaged", () => {
  const wanted = ["group.s40", "gone"].map((name) => ({ name, agency: 1 }));
  const request = { ...snapshots([1], 300, 1200), wanted };
  change(join(request.snapshotsFolder, "epoch-1", "plane-0-0"), (bytes) => bytes.fill(9, 100));
  const loaded = load(request, 1);
  if ("ok" in loaded) throw new Error(loaded.words);
  expect(loaded.parts.planes).toEqual([1]);
  const row = new Uint32Array(1);
  expect([loaded.places.size, loaded.absent.size]).toEqual([32, 1168]);
  const { truth } = smallImage(1, 300, 1200);
  for (let n = 0; n <= 300; n++) {
    SegmentIndex.from(loaded.parts).rowInto(n as Ordinal, row);
    expect(row[0]).toBe(truth.rows[n]![1]);
  }
});

test("the served epoch is loaded again for other planes by its rows alone", () => {
  const all = snapshots([1], 300, 1200);
  const wantedOf = (...names: string[]) => names.map((name) => ({ name, agency: 1 }));
  const first = load({ ...all, wanted: wantedOf("group.s40") }, 1);
  if ("ok" in first) throw new Error(first.words);
  const { epoch, table, home, suppressed } = first.parts;
  const again = { epoch, table, home, suppressed, manifestDigest: first.manifestDigest };
  const request = {
    ...all,
    again,
    servedEpoch: epoch,
    wanted: wantedOf("group.s40", "group.s999"),
  };
  expect(candidateEpochs(request)).toEqual([1]);
  const prepared = prepareLoad(request, 1);
  if (!prepared.ok) throw new Error(prepared.words);
  SegmentIndex.from(first.parts).suppress(5 as Ordinal);
  appendForget(request.forgetLog, [6] as Ordinal[]);
  expect(fillPieces(prepared.plan, () => {})).toBeNull();
  const second = finishLoad(request, prepared.load);
  SegmentIndex.from(first.parts).suppress(8 as Ordinal);
  expect(second.parts.planes).toEqual([1, 31]);
  expect(second.parts.table).toBe(first.parts.table);
  const index = SegmentIndex.from(second.parts);
  const { truth } = smallImage(1, 300, 1200);
  const row = new Uint32Array(2);
  const forgotten = [5, 6, 8];
  for (const [n, hashes] of truth.hashes.entries()) {
    const found = forgotten.includes(n) ? 0 : n;
    for (const [lo, hi] of hashes) expect(index.ordinalOf(lo, hi)).toBe(found);
    index.rowInto(n as Ordinal, row);
    expect([...row]).toEqual([truth.rows[n]![1], truth.rows[n]![31]]);
  }
  expect([4, 5, 6, 8].map((n) => index.isSuppressed(n as Ordinal))).toEqual([
    ...[false, true, true, true],
  ]);
  change(join(all.snapshotsFolder, "epoch-1", "plane-31-1"), (bytes) => bytes.fill(9, 100));
  expect(codeOf(load(request, 1))).toBe("changed");
  const other = { ...request, again: { ...again, manifestDigest: "another" } };
  expect(load(other, 1)).toMatchObject({ code: "changed", words: /it was exchanged/ });
});

test("each of 1,000 flipped bits, in any file, is refused", () => {
  const request = snapshots([1], 100);
  const folder = join(request.snapshotsFolder, "epoch-1");
  // people-* belongs to the counting process, which verifies it when it reads it.
  const names = readdirSync(folder).filter((name) => !name.startsWith("people"));
  const random = new SeededRandom(11);
  const codes = new Set<string>();
  for (const name of names) chmodSync(join(folder, name), 0o600);
  for (let i = 0; i < 1000; i++) {
    const path = join(folder, random.pick(names));
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    const bit = random.below(bytes.length * 8);
    changed[bit >>> 3]! ^= 1 << (bit & 7);
    writeFileSync(path, changed);
    const code = codeOf(load(request, 1));
    expect(code, `${path} bit ${bit}`).not.toBe("served");
    codes.add(code);
    writeFileSync(path, bytes);
  }
  expect(codes).toContain("changed");
  expect(codes).toContain("wrongly_signed");
  expect(codeOf(load(request, 1))).toBe("served");
});

test("every file cut or lengthened at any of its edges is refused", () => {
  const request = snapshots([1], 100);
  const folder = join(request.snapshotsFolder, "epoch-1");
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    chmodSync(path, 0o600);
    const bytes = readFileSync(path);
    for (const size of [0, 1, 63, 64, 65, 80, bytes.length - 1, bytes.length + 1]) {
      truncateSync(path, size);
      expect(codeOf(load(request, 1)), `${name} of ${size}`).not.toBe("served");
      writeFileSync(path, bytes);
    }
  }
  expect(codeOf(load(request, 1))).toBe("served");
});

test("links, pipes, missing files and a linked folder are refused", () => {
  const request = snapshots([1, 2]);
  const folder = join(request.snapshotsFolder, "epoch-1");
  const path = join(folder, "table-0");
  renameSync(path, `${path}.away`);
  expect(load(request, 1)).toMatchObject({ code: "truncated", words: "table-0 is missing" });
  symlinkSync(`${path}.away`, path);
  expect(load(request, 1)).toMatchObject({ code: "not_a_file", words: /table-0 is a link/ });
  rmSync(path);
  const makePipe = "mkfifo"; // of the system, not of a package
  execFileSync(makePipe, [path]);
  expect(codeOf(load(request, 1))).toBe("not_a_file");
  symlinkSync(join(request.snapshotsFolder, "epoch-2"), join(request.snapshotsFolder, "epoch-9"));
  expect(codeOf(load(request, 9))).toBe("not_a_file");
});

test("files or manifests of another epoch are refused", () => {
  const request = snapshots([1, 2]);
  const [one, two] = [1, 2].map((n) => join(request.snapshotsFolder, `epoch-${n}`));
  cpSync(join(one!, "home-0"), join(two!, "home-0"));
  expect(codeOf(load(request, 2))).toBe("changed");
  cpSync(join(one!, "manifest"), join(two!, "manifest"));
  expect(load(request, 2)).toMatchObject({ code: "changed", words: /manifest of epoch 1/ });
});

test("foreign keys, other schemas and expired snapshots are refused with the reason", () => {
  const request = snapshots([1]);
  const stranger = { ...request, trust: testTrust(testSigningKeys(2)) };
  expect(load(stranger, 1)).toMatchObject({ code: "unknown_key", words: /known keys/ });
  const impostor = testTrust(testSigningKeys(2)).publicKeys;
  const publicKeys = { [keys.keyId]: Object.values(impostor)[0]! };
  expect(codeOf(load({ ...request, trust: { ...request.trust, publicKeys } }, 1))).toBe(
    "wrongly_signed",
  );
  const otherHash = { ...request.trust, identifierKeyId: "ffffffffffffffff" };
  expect(load({ ...request, trust: otherHash }, 1)).toMatchObject({
    code: "unknown_key",
    words: /identifier\.key/,
  });
  const late = { ...request, nowMs: (testNowMs + 1000) as UnixMs };
  expect(load(late, 1)).toMatchObject({ code: "expired", words: /valid until 2027/ });
  const manifest = join(request.snapshotsFolder, "epoch-1", "manifest");
  change(manifest, (bytes) => bytes.writeUInt32LE(1, 4));
  expect(load(request, 1)).toMatchObject({
    code: "other_schema",
    words: /schema 1, this program reads 2: build a new one/,
  });
});

test("a segment below the crowd minimum or a bad dictionary is refused though it is signed", () => {
  const request = snapshots([]);
  const { image } = smallImage(1, 20, 3);
  const segments = [...smallFacts(3).segments];
  const publish = (epoch: number, i: number, edit: Partial<(typeof segments)[number]>): void => {
    const edited = segments.map((s, at) => (at === i ? { ...s, ...edit } : s));
    const ours = { ...smallImage(1, 20, 3, epoch).image };
    writeSnapshot(request.snapshotsFolder, ours, smallFacts(3, { segments: edited }), keys);
  };
  expect(image.planeCount).toBe(1);
  publish(1, 1, { bandedPeople: 99_999 });
  publish(2, 2, { name: "group.s0" });
  publish(3, 0, { name: "../x" });
  publish(4, 0, { label: "" });
  publish(5, 0, { method: "guessed" });
  const tooMany = Array.from({ length: 257 }, (_, i) => i + 1);
  const lists = [[0], [2, 1], [1, 1], [1.5], [2 ** 32], tooMany, ["1"] as unknown as number[]];
  for (const [i, agencies] of lists.entries()) publish(6 + i, 2, { agencies });
  publish(20, 2, { agencies: tooMany.slice(1) });
  expect(codeOf(load(request, 20))).toBe("served");
  for (let epoch = 1; epoch < 6 + lists.length; epoch++) {
    expect(codeOf(load(request, epoch)), `epoch ${epoch}`).toBe("dictionary");
  }
});

test("epochs only rise, the newest good one is next, and no epoch is written twice", () => {
  const request = snapshots([1, 3, 10]);
  expect(candidateEpochs(request)).toEqual([10, 3, 1]);
  expect(candidateEpochs({ ...request, servedEpoch: 3 as Epoch })).toEqual([10]);
  expect(candidateEpochs({ ...request, highestServed: 3 as Epoch })).toEqual([10, 3]);
  expect(load({ ...request, highestServed: 3 as Epoch }, 1)).toMatchObject({
    ...{ code: "not_newer", words: "epoch 1 is older than epoch 3, which was served already" },
  });
  expect(codeOf(load({ ...request, highestServed: 3 as Epoch }, 3))).toBe("served");
  expect(codeOf(load({ ...request, servedEpoch: 3 as Epoch }, 3))).toBe("not_newer");
  expect(codeOf(load({ ...request, servedEpoch: 3 as Epoch }, 1))).toBe("not_newer");
  const { image } = smallImage(1, 20, 70, 3);
  expect(() => writeSnapshot(request.snapshotsFolder, image, smallFacts(70), keys)).toThrow(
    /exists/,
  );
});

test("a half-written snapshot is invisible, and the next writer clears it away", () => {
  const request = snapshots([1]);
  const dead = join(request.snapshotsFolder, ".writing-2-999999999");
  cpSync(join(request.snapshotsFolder, "epoch-1"), dead, { recursive: true });
  expect(candidateEpochs(request)).toEqual([1]);
  const { image } = smallImage(2, 20, 70, 2);
  writeSnapshot(request.snapshotsFolder, image, smallFacts(70), keys);
  expect(existsSync(dead)).toBe(false);
});

test("people forgotten after the snapshot was made are unknown from the first look-up on", () => {
  const request = snapshots([1]);
  appendForget(request.forgetLog, [3, 5] as Ordinal[]);
  const loaded = load(request, 1);
  if ("ok" in loaded) throw new Error(loaded.words);
  const index = SegmentIndex.from(loaded.parts);
  expect([3, 4, 5].map((n) => index.isSuppressed(n as Ordinal))).toEqual([true, false, true]);
  expect(loaded.forgetPosition.sequence).toBe(2);
  const { image } = smallImage(2, 300, 70, 2);
  writeSnapshot(request.snapshotsFolder, image, smallFacts(70, { forgetSequence: 1 }), keys);
  const next = load(request, 2);
  if ("ok" in next) throw new Error(next.words);
  const nextIndex = SegmentIndex.from(next.parts);
  expect([3, 5].map((n) => nextIndex.isSuppressed(n as Ordinal))).toEqual([false, true]);
});
