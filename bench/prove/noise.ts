import {
  admitsCrowd,
  crowdDelta,
  crowdEpsilonInverse,
  crowdMarginPeople,
  noiseProbability,
} from "../../src/base/crowd-minimum.js";
import { crowdMinimumPeople } from "../../src/base/limits.js";
import type { Proof } from "./proof.js";

/** The rule's own arithmetic over every value that its noise can take: no draws, no luck. */
export const noise: Proof = {
  name: "noise",
  run: () => {
    let worstRatio = 0;
    let certain = 0;
    let sum = 0;
    for (let z = -crowdMarginPeople; z <= crowdMarginPeople; z++) {
      const here = noiseProbability(z);
      const next = noiseProbability(z + 1);
      sum += here;
      if (next === 0) certain = here;
      else worstRatio = Math.max(worstRatio, here / next, next / here);
    }
    const below = admitsCrowd(crowdMinimumPeople - 1, crowdMarginPeople, crowdMinimumPeople);
    const above = admitsCrowd(
      crowdMinimumPeople + 2 * crowdMarginPeople,
      -crowdMarginPeople,
      crowdMinimumPeople,
    );
    const epsilon = Math.log(worstRatio);
    const claimed = 1 / crowdEpsilonInverse;
    return [
      {
        promise: "one person more or less moves a verdict by no more than (0.1, 1e-9)",
        test: `ratio of neighbouring probabilities of all ${2 * crowdMarginPeople + 1} values`,
        figure: `epsilon ${epsilon.toFixed(6)}, delta ${certain.toExponential(2)}`,
        holds: epsilon < claimed + 1e-6 && certain <= crowdDelta && Math.abs(sum - 1) < 1e-9,
      },
      {
        promise: "nothing below 100,000 is admitted whatever the noise",
        test: "99,999 with the kindest noise, 100,356 with the harshest",
        figure: `${below ? "admitted" : "refused"}, ${above ? "admitted" : "refused"}`,
        holds: !below && above,
      },
    ];
  },
};
