import { crowdDelta, crowdEpsilonInverse } from "../../src/base/crowd-minimum.js";
import { funnelNoise, funnelShiftMax } from "../../src/runtime/funnel.js";
import type { Proof } from "./proof.js";

/** How well who sees a count can tell two people apart who move it by `shift`: 0 to 1, exactly. */
function advantage(shift: number): number {
  const noise = funnelNoise();
  let sum = 0;
  for (let z = -noise.margin; z <= noise.margin + shift; z++) {
    sum += Math.max(0, noise.probability(z) - noise.probability(z - shift));
  }
  return sum;
}

/** Counts behind the person's groups, as who may ask and read /metrics sees them. */
export const funnel: Proof = {
  name: "funnel",
  run: () => {
    const noise = funnelNoise();
    let worst = 0;
    for (let z = -noise.margin; z < noise.margin; z++) {
      worst = Math.max(worst, Math.abs(Math.log(noise.probability(z + 1) / noise.probability(z))));
    }
    const epsilon = worst * funnelShiftMax;
    // One request moves one out of a count and one into another.
    const once = 2 * advantage(1);
    return [
      {
        promise: "no count shown tells of a person",
        test:
          `ratio of neighbouring probabilities of all ${2 * noise.margin + 1} values, for all ` +
          `that a person can move in a day (${funnelShiftMax})`,
        figure:
          `epsilon ${epsilon.toFixed(6)} a person, exchange and day; ` +
          `advantage of one request ${once.toFixed(5)}`,
        holds:
          epsilon < 1 / crowdEpsilonInverse + 1e-6 &&
          noise.probability(noise.margin) <= crowdDelta &&
          once <= 0.01,
      },
    ];
  },
};
