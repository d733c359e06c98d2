import { addList, type ListTaken, type ListUpload } from "../bank/lists.js";
import type { UnixMs } from "../base/units.js";
import { defaultLimits, withBank } from "./bank-open.js";
import { bankConfigOf } from "./read-config.js";
import { ReleaseLedger } from "./release-ledger.js";

export type ListPlace = {
  readonly dataFolder: string;
  readonly configFolder: string;
  readonly nowMs: () => UnixMs;
};

/** Takes an agency's list into the bank, and notes what its owner is told of it. */
export function takeList(place: ListPlace, upload: ListUpload): Promise<ListTaken> {
  const { dataFolder, configFolder, nowMs } = place;
  const order = {
    ...{ dataFolder, config: bankConfigOf(configFolder) },
    ...{ limits: defaultLimits(), nowMs: nowMs(), report: () => undefined },
  };
  return withBank(order, async ({ bank, keys }) => {
    const answer = await addList(bank, upload);
    const { agency, name } = upload;
    const { rows, unusable } = answer;
    const ledger = new ReleaseLedger(dataFolder, keys.signing, nowMs);
    ledger.append([{ kind: "list", agency, list: name, rows, unusable }]);
    return answer;
  });
}
