import { asking } from "./asking.js";
import { canary } from "./canary.js";
import { classes } from "./classes.js";
import { consent } from "./consent.js";
import { crowd } from "./crowd.js";
import { fakes } from "./fakes.js";
import { forget } from "./forget.js";
import { funnel } from "./funnel.js";
import { ledger } from "./ledger.js";
import { noise } from "./noise.js";
import type { Proof } from "./proof.js";
import { redTeam } from "./red-team.js";
import { sameAnswer } from "./same-answer.js";
import { timing } from "./timing.js";

/** In the order of the printed table. */
export const proofs: readonly Proof[] = [
  noise,
  crowd,
  redTeam,
  fakes,
  asking,
  sameAnswer,
  classes,
  timing,
  consent,
  funnel,
  canary,
  forget,
  ledger,
];
