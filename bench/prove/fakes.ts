import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testSigningKeys, testTrust } from "../../src/testing/small-snapshot.js";
import { padded } from "./fakes-bank.js";
import type { Proof, ProofSize } from "./proof.js";

type Tally = { trials: number; certified: number; naively: number; real: number; realOf: number };

/**
 * An agency pads what is no crowd with people whom it makes up: accounts opened this week, device
 * farms, components that guards dissolve, profiles that it feeds in itself, people long gone and
 * lists of strangers. Segments of up to F - 1 real people, lists of as many, and the common people
 * of two crowds, all of them with more fakes than F: none may be certified. Real crowds of the same
 * build must be.
 */
async function tried(size: ProofSize): Promise<Tally> {
  const rounds = size === "full" ? 30 : 1;
  const tally: Tally = { trials: 0, certified: 0, naively: 0, real: 0, realOf: 0 };
  for (let seed = 1; seed <= rounds; seed++) {
    const root = mkdtempSync(join(tmpdir(), "crowdbid-fakes-"));
    try {
      const signing = testSigningKeys(1);
      const found = await padded(root, seed, { signing, trustOf: testTrust });
      for (const key of Object.keys(tally) as (keyof Tally)[]) tally[key] += found[key];
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  return tally;
}

export const fakes: Proof = {
  name: "fakes",
  run: async (size) => {
    const { trials, certified, naively, real, realOf } = await tried(size);
    return [
      {
        promise: "made-up people and brought lists never make a crowd",
        test: `${trials} segments, lists and audiences below F, each padded far beyond it`,
        figure:
          `${certified} certified (advantage ${(certified / trials).toFixed(3)}); ` +
          `${naively} if all members counted`,
        holds: certified === 0 && naively >= trials * 0.9,
      },
      {
        promise: "a crowd of real people stays one, whoever pads it",
        test: `${realOf} segments of F + 2 m real people and more`,
        figure: `${real} in the snapshot`,
        holds: real === realOf,
      },
    ];
  },
};
