import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgencyId, Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { emptyBook } from "../campaign/certificate-book.js";
import { testIdentifierKey } from "../testing/in-process.js";
import { certificateFileOf, openCertificateFile, readCertificateFile } from "./certificate-file.js";
import { type CertificateStore, Certificates } from "./certificates.js";
import { keepServedEpoch } from "./served-epoch.js";
import type { CountRequest } from "./term-count.js";

const day = 20_000;
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "certificate-file-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const snapshot = { epoch: 4 as Epoch, manifestDigest: "m" };
const needed = ["a", "b"].map((digest) => ({
  ...{ agency: 1 as AgencyId, digest, lineItems: [] },
  audience: { terms: [{ all: [digest], none: ["x"] }] },
}));

function certificatesOn(store: CertificateStore) {
  const asked: (readonly string[])[] = [];
  const judge = ({ epoch, audiences }: CountRequest) => {
    asked.push(audiences.map(({ terms }) => terms[0]!.all[0]!));
    const judged = audiences.map(() => ({ verdict: "certified" as const, bears: 5 }));
    return Promise.resolve({ ok: true as const, epoch, judged, forgetSequence: 0 });
  };
  const certificates = new Certificates(
    judge,
    {
      ...{ snapshotsFolder: root, forgetLog: "", crowdKey: testIdentifierKey },
      trust: { publicKeys: {}, identifierKeyId: "", crowdMinimum: 1 },
      nowMs: () => (day * 86_400_000) as UnixMs,
    },
    store,
  );
  return { certificates, asked };
}

test("verdicts are on disk before they are used, and come back after a restart", async () => {
  const first = certificatesOn(openCertificateFile(root, day));
  expect((await first.certificates.certify(snapshot, needed)).ok).toBe(true);
  expect(statSync(certificateFileOf(root)).mode & 0o777).toBe(0o600);
  expect(first.certificates.checksLeft(1 as AgencyId)).toBe(48);
  const second = certificatesOn(openCertificateFile(root, day));
  expect(second.certificates.certified(snapshot).size).toBe(0);
  await second.certificates.certify(snapshot, needed.slice(1));
  expect([second.asked, second.certificates.checksLeft(1 as AgencyId)]).toEqual([[["a", "b"]], 48]);
});

test("what cannot be saved is not certified", async () => {
  const save = (): void => {
    throw new Error("the disk is full");
  };
  const { certificates } = certificatesOn({ ok: true, state: emptyBook(), save });
  await expect(certificates.certify(snapshot, needed)).rejects.toThrow("the disk is full");
  expect(certificates.certified(snapshot).size).toBe(0);
  expect(certificates.unjudged(snapshot, needed)).toHaveLength(2);
});

test.each(["", "{}", '{"schema":2}', "not json"])(
  "a damaged file certifies nothing: %j",
  async (text) => {
    writeFileSync(certificateFileOf(root), text);
    const store = openCertificateFile(root, day);
    expect(store).toMatchObject({ ok: false, words: /is damaged/ });
    const { certificates, asked } = certificatesOn(store);
    expect(await certificates.certify(snapshot, needed)).toMatchObject({ ok: false });
    expect([certificates.certified(snapshot).size, asked]).toEqual([0, []]);
    expect(certificates.checksLeft(1 as AgencyId)).toBe(0);
    expect(readFileSync(certificateFileOf(root), "utf8")).toBe(text);
  },
);

test("a file that is gone though an epoch was served closes the rest of the day, once", () => {
  keepServedEpoch(root, 3 as Epoch);
  expect(readCertificateFile(root, day)).toMatchObject({ state: { closedUntilDay: day + 1 } });
  expect(openCertificateFile(root, day)).toMatchObject({ state: { closedUntilDay: day + 1 } });
  expect(openCertificateFile(root, day + 1)).toMatchObject({ state: { closedUntilDay: day + 1 } });
});

test("a fresh data folder is open from the start, and after epochs without any audience", () => {
  expect(openCertificateFile(root, day)).toMatchObject({ state: { closedUntilDay: 0 } });
  keepServedEpoch(root, 3 as Epoch);
  expect(openCertificateFile(root, day)).toMatchObject({ state: { closedUntilDay: 0 } });
});
