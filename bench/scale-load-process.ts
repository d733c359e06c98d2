import { answerOrder } from "./child.js";
import { loadScale } from "./scale-load.js";

/** A fresh process, as a bidder after a restart. */
answerOrder(loadScale);
