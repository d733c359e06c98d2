import { shareOne } from "../learnt.js";
import type { Strategy } from "./strategy.js";

/** Bids the value. */
export const fixed: Strategy = () => shareOne;
