import { chmodSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { UnixMs } from "../base/units.js";
import { openKeyFiles } from "../runtime/key-files.js";
import { writeSnapshot } from "../runtime/snapshot-write.js";
import { Program } from "./program.js";
import { smallFacts, smallImage } from "./small-snapshot.js";

/** The real program and snapshots of a few people: what is refused, and that bids go on. */
const request = JSON.stringify({
  ...{ id: "hello", imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.5 }] },
  ...{ site: { domain: "news.example" }, device: { geo: { country: "USA" } } },
});
const program = new Program();
const snapshots = join(program.dataFolder, "snapshots");
const aside = join(program.folder, "aside");
const folderOf = (epoch: number, of = snapshots): string => join(of, `epoch-${epoch}`);

function write(epoch: number, to = aside): void {
  const { identifierKeyId, signing } = openKeyFiles(program.dataFolder);
  const createdMs = Date.now() as UnixMs;
  const life = { createdMs, notAfterMs: (createdMs + 3_600_000) as UnixMs, identifierKeyId };
  writeSnapshot(to, smallImage(epoch, 200, 40, epoch).image, smallFacts(40, life), signing);
}

function flip(epoch: number, name: string): void {
  const path = join(folderOf(epoch, aside), name);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}

type Status = {
  epoch: number;
  lastRefusal: { epoch: number; code: string; reason: string } | null;
};
const status = async (): Promise<Status> =>
  (await (await program.admin("/api/v1/status")).json()) as Status;
const epoch = async (): Promise<number> =>
  ((await (await program.admin("/readyz")).json()) as { epoch: number }).epoch;
const isRefused = (wanted: number) => async (): Promise<boolean> =>
  (await status()).lastRefusal?.epoch === wanted;
/** An answer of a busy machine may be an empty one: the next is not. */
const stillBids = (): Promise<void> =>
  program.until("bids", async () => (await program.bid(request)).status === 200);

beforeAll(async () => {
  openKeyFiles(program.dataFolder);
  write(3, snapshots);
  await program.start();
});
afterAll(() => program.remove());

test("a changed byte and an older epoch are refused with the reason while bids go on", async () => {
  expect(await epoch()).toBe(3);
  await stillBids();
  write(4);
  flip(4, "table-0");
  write(2);
  for (const one of [4, 2]) renameSync(folderOf(one, aside), folderOf(one));
  await program.until("refused", isRefused(4));
  await stillBids();
  expect(await status()).toMatchObject({
    ...{
      epoch: 3,
      lastRefusal: { epoch: 4, code: "changed", reason: /^table-0: its bytes are not/ },
    },
  });
  const metrics = await (await program.admin("/metrics")).text();
  expect(metrics).toContain('crowdbid_snapshot_refused_total{code="changed"} 1');
  expect(metrics).toContain('crowdbid_snapshot_refused_total{code="not_newer"} 1');
  expect(program.written).toContain("epoch 2 is older than epoch 3, which was served already");
});

test("a changed byte that only counting reads keeps an epoch out as well", async () => {
  write(5);
  flip(5, "people-0");
  renameSync(folderOf(5, aside), folderOf(5));
  await program.until("refused", isRefused(5));
  expect(await status()).toMatchObject({ epoch: 3, lastRefusal: { code: "changed" } });
  expect((await status()).lastRefusal?.reason).toContain("people-0");
  for (const one of [4, 5]) rmSync(folderOf(one), { recursive: true });
});

test("the next good one is served, and nothing older after it, not even by a restart", async () => {
  write(6);
  cpSync(folderOf(6, aside), folderOf(6), { recursive: true });
  await program.until("served", async () => (await epoch()) === 6);
  await program.stop();
  rmSync(folderOf(6), { recursive: true });
  await program.start();
  expect(await epoch()).toBe(0);
  await stillBids();
  expect((await status()).lastRefusal).toMatchObject({
    ...{ epoch: 3, code: "not_newer" },
    reason: "epoch 3 is older than epoch 6, which was served already",
  });
  expect(program.written).toContain("epoch 6, which was served last, is gone or refused");
});
