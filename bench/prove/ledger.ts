import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../src/base/random.js";
import type { UnixMs } from "../../src/base/units.js";
import {
  type Head,
  type Release,
  type ReleaseFile,
  readChain,
} from "../../src/runtime/release-chain.js";
import {
  ReleaseLedger,
  releaseFiles,
  releaseHead,
  releasesFolderOf,
} from "../../src/runtime/release-ledger.js";
import type { Proof, ProofSize } from "./proof.js";

const beganMs = Date.UTC(2026, 10, 20, 12);
const dayMs = 86_400_000;
const sizes: Readonly<Record<ProofSize, { releases: number; flips: number }>> = {
  small: { releases: 120, flips: 2000 },
  full: { releases: 1200, flips: 20_000 },
};

type Kept = { readonly files: readonly ReleaseFile[]; readonly head: Head | null };
type Harm = { readonly name: string; readonly of: (lines: string[], i: number) => void };

/** What a hand that has no key may do to a line. */
const harms: readonly Harm[] = [
  { name: "deleted", of: (lines, i) => void lines.splice(i, 1) },
  { name: "doubled", of: (lines, i) => void lines.splice(i, 0, lines[i] ?? "") },
  { name: "cut off with all behind it", of: (lines, i) => void lines.splice(i) },
  { name: "moved to the front", of: (lines, i) => void lines.unshift(...lines.splice(i, 1)) },
  {
    name: "told otherwise",
    of: (lines, i) => {
      lines[i] = (lines[i] ?? "").replace(/"verdict":"\w+"/, '"verdict":"changed"');
    },
  },
];

/** Every verdict that was shown, in files of two months, written as the bidder writes them. */
function written(releases: number): Kept {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-releases-"));
  try {
    const keys = generateKeyPairSync("ed25519");
    let nowMs = beganMs;
    const ledger = new ReleaseLedger(folder, { ...keys, keyId: "proof" }, () => nowMs as UnixMs);
    for (let n = 0; n < releases; n += 2) {
      nowMs = beganMs + Math.floor((20 * n) / releases) * dayMs;
      ledger.append([verdict(n), verdict(n + 1)]);
    }
    const pem = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
    const kept = releasesFolderOf(folder);
    return { files: releaseFiles(kept), head: releaseHead(kept, pem) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const verdict = (n: number): Release => ({
  ...{ kind: "certificate", agency: 1 + (n % 3), digest: `audience-${n}`, epoch: 5, rule: 1 },
  verdict: n % 4 === 0 ? "refused" : "certified",
});

const isWhole = ({ files, head }: Kept): boolean => readChain(files, head).breaks.length === 0;

/** The same ledger with one file in other words. */
const withText = ({ files, head }: Kept, at: number, text: string): Kept => ({
  files: files.map((file, i) => (i === at ? { ...file, text } : file)),
  head,
});

type Tried = { tried: number; readonly missed: string[] };

function harmLines(kept: Kept, { name, of }: Harm, out: Tried): void {
  for (const [at, { text }] of kept.files.entries()) {
    const count = text.split("\n").length - 1;
    for (let i = 0; i < count; i++) {
      const lines = text.split("\n").slice(0, -1);
      of(lines, i);
      const after = lines.map((line) => `${line}\n`).join("");
      if (after === text) continue;
      out.tried++;
      if (isWhole(withText(kept, at, after))) out.missed.push(`line ${i + 1} ${name}`);
    }
  }
}

function changeBytes(kept: Kept, flips: number, out: Tried): void {
  const random = new SeededRandom(61);
  for (let n = 0; n < flips; n++) {
    const at = random.below(kept.files.length);
    const text = kept.files[at]?.text ?? "";
    const place = random.below(text.length);
    const code = text.charCodeAt(place) ^ (1 << random.below(7));
    const after = text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1);
    out.tried++;
    if (isWhole(withText(kept, at, after))) out.missed.push(`byte ${place} of file ${at}`);
  }
}

/** Whoever changes what was shown, without the signing key, is found out. */
export const ledger: Proof = {
  name: "ledger",
  run: (size) => {
    const { releases, flips } = sizes[size];
    const kept = written(releases);
    const out: Tried = { tried: 0, missed: [] };
    for (const harm of harms) harmLines(kept, harm, out);
    changeBytes(kept, flips, out);
    for (const missed of out.missed.slice(0, 5)) process.stderr.write(`ledger: ${missed}\n`);
    const found = out.tried - out.missed.length;
    return [
      {
        promise: "what was shown is known, and who changes it is found out",
        test:
          `${releases} releases in ${kept.files.length} months: each line deleted, doubled, ` +
          `moved, told otherwise, cut off; ${flips.toLocaleString("en")} bits changed`,
        figure: `${found} of ${out.tried} found; untouched it is whole: ${isWhole(kept)}`,
        holds: isWhole(kept) && found === out.tried && kept.files.length === 2,
      },
    ];
  },
};
