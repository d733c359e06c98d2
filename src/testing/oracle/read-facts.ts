import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { PrivacyPlan } from "../../bid/privacy-settings.js";
import { loadConfig } from "../../campaign/load.js";
import { readConfigFolder } from "../../runtime/config-folder.js";
import { OpaqueKind, opaqueIdOf } from "../../wire/opaque-id.js";
import type { WorldFacts } from "./world-facts.js";
import { exchangeFacts, ratesAsFractions } from "./world-facts.js";

const dayMs = 24 * 3600 * 1000;

/**
 * The facts of a config folder, as its files state them. Throws with every issue when they are not
 * sound.
 */
export function readFacts(configFolder: string, nowMs: number): WorldFacts {
  const { config, issues } = loadConfig(readConfigFolder(configFolder));
  if (config === null) {
    const list = issues.map(({ file, line, message }) => `${file}:${line}: ${message}`);
    throw new Error(`${configFolder} is not sound:\n${list.join("\n")}`);
  }
  const { rates } = config;
  const usable = rates.fixed || Math.abs(nowMs - rates.asOfMs) <= dayMs;
  return {
    book: config.book,
    exchanges: config.exchanges.map(exchangeFacts),
    rates: usable ? ratesAsFractions(rates) : new Map(),
    privacy: parse(readFileSync(join(configFolder, "privacy.yaml"), "utf8")) as PrivacyPlan,
    nowMs,
    cridOf: (creative) => opaqueIdOf(OpaqueKind.CREATIVE, creative),
  };
}
