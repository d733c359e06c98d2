import type { Exchange } from "../campaign/exchange.js";
import type { Agency, CreativeModel } from "../campaign/model.js";
import type { TemplateProblem } from "./creative-template.js";

export type TemplateInput = {
  /** In creative-index order. */
  readonly creatives: readonly CreativeModel[];
  /** In agency-index order. */
  readonly agencies: readonly Agency[];
  /** In exchange-index order. */
  readonly exchanges: readonly Exchange[];
  /** Base of every notice address, without a slash at the end. */
  readonly publicUrl: string;
  /**
   * Creatives that no longer bid but whose tokens still live: a click on them must lead somewhere.
   */
  readonly retired: readonly Pick<CreativeModel, "id" | "landingPage">[];
  /** Hosts that markup may name (privacy.yaml); absent = any, for tests of markup alone. */
  readonly thirdPartyHosts?: readonly string[];
};

export type CompiledTemplates = {
  readonly buffer: SharedArrayBuffer;
  /**
   * By creative index: bit e = the creative is approved by exchange e and has a template there. A
   * creative with a problem has no bit. The campaign table's `creativeApproved` is cut down to this
   * before it is published.
   */
  readonly usable: Uint32Array;
  readonly problems: readonly TemplateProblem[];
};
