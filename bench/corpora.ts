import { corporaMissing, corporaPresent } from "../src/testing/corpora.js";
import { acceptanceCheck, isClean, reportText, runCorpora } from "../src/testing/corpora-run.js";
import { startInProcess } from "../src/testing/in-process.js";
import { readFacts } from "../src/testing/oracle/read-facts.js";

const configFolder = "config/demo";

/**
 * Asks the demo world everything in the public corpora, at each of its exchanges, and prints the
 * figures. True = nothing missed, nothing wrongly bid on, no wrong status, every answer conforming.
 */
export async function printCorpora(write: (line: string) => void): Promise<boolean> {
  if (!corporaPresent()) {
    write(corporaMissing);
    return true;
  }
  const now = Date.now();
  const facts = readFacts(configFolder, now);
  let clean = true;
  for (const exchange of facts.exchanges) {
    const bidder = await startInProcess({ configFolder, now, seed: 1 });
    const ask = async (name: string, body: Uint8Array) => bidder.ask(name, body);
    const report = await runCorpora(ask, exchange, facts, [acceptanceCheck(bidder, exchange.name)]);
    write(`\n${exchange.name}\n${reportText(report)}`);
    clean &&= isClean(report);
  }
  write(clean ? "\nnothing missed, nothing wrong" : "\nsee the failures above");
  return clean;
}
