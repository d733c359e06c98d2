import type { AdvertiserCurrencies } from "./advertiser-currencies.js";
import { BookCopy } from "./book-copy.js";
import { coalesced } from "./coalesced.js";
import { bookCopyPath } from "./command-config.js";
import { watchConfig } from "./config-watch.js";
import { DeskConfig, type DeskConfigParts } from "./desk-config.js";
import { type Ending, EndRank } from "./ending.js";
import type { Settings } from "./flags.js";
import type { KeyFiles } from "./key-files.js";
import type { Log } from "./log.js";
import type { PeopleDesk } from "./people-desk.js";
import { realClock } from "./real-clock.js";
import { StopsFile } from "./stops-file.js";
import { openStore } from "./store-desk.js";
import type { WorldDesk } from "./world-desk.js";

export type OpenDesk = (
  keys: KeyFiles,
  moneyIssues: NonNullable<DeskConfigParts["moneyIssues"]>,
) => Promise<DeskConfig>;

/** null: there is none, the config folder is all. */
export async function openDesk(
  open: OpenDesk | undefined,
  ending: Pick<Ending, "add">,
  keys: KeyFiles,
  currencies: AdvertiserCurrencies,
): Promise<DeskConfig | null> {
  if (open === undefined) return null;
  const desk = await open(keys, (book, places) => currencies.conflicts({ book, places }));
  ending.add({ name: "campaign store", rank: EndRank.ADMIN, run: () => desk.close() });
  return desk;
}

/** Has a World built for every edit, of files and at the desk. Gives what ends it. */
export function followEdits(
  configFolder: string,
  deskConfig: DeskConfig | null,
  desk: Pick<WorldDesk, "goLive" | "certifyMissing">,
  people: Pick<PeopleDesk, "refresh">,
): () => void {
  const edited = coalesced(async () => {
    if (!(await desk.goLive())) return false;
    // Counts come behind: the next edit does not wait for them. An edit may also name segments
    // whose planes are not in memory: no waiting for the next look.
    void desk.certifyMissing().then(() => people.refresh());
    return true;
  });
  deskConfig?.follow(edited);
  const stopWatching = watchConfig(configFolder, () => {
    void (deskConfig === null ? edited() : deskConfig.filesChanged());
  });
  return () => {
    stopWatching();
    deskConfig?.stop();
  };
}

/** The campaign desk of a server, over the store in its data folder or at `--store`. */
export async function openDeskConfig(
  { configFolder, dataFolder, storeUrl }: Settings,
  log: Log,
  { signing }: KeyFiles,
  moneyIssues: NonNullable<DeskConfigParts["moneyIssues"]>,
): Promise<DeskConfig> {
  const store = await openStore({ dataFolder, url: storeUrl ?? "", signing });
  const stops = new StopsFile(dataFolder);
  const copy = new BookCopy(bookCopyPath(dataFolder), (words) =>
    log.error({ words }, "the copy of what is bought"),
  );
  return DeskConfig.open({ configFolder, store, clock: realClock, log, moneyIssues, stops, copy });
}
