import { measureBank } from "./bank-measure.js";
import { answerOrder } from "./child.js";

/** A fresh process a size, so that its resident peak is its own. */
answerOrder(measureBank);
