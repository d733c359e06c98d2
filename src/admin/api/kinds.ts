import type { DeskKind } from "../store/desk-store.js";
import { type Access, type Caller, mayCall } from "./access.js";
import { agency, house } from "./route.js";

/** Who may change what, and under which address it stands. */
export const kinds: Readonly<
  Record<DeskKind, { readonly path: string; readonly write: Exclude<Access, { kind: "open" }> }>
> = {
  agency: { path: "agencies", write: house("admin") },
  advertiser: { path: "advertisers", write: agency("admin") },
  campaign: { path: "campaigns", write: agency("trader") },
  lineItem: { path: "line-items", write: agency("trader") },
  creative: { path: "creatives", write: agency("trader") },
  audience: { path: "audiences", write: agency("trader") },
  deal: { path: "deals", write: house("trader") },
};

export const mayWrite = (caller: Caller, kind: DeskKind): boolean =>
  mayCall(kinds[kind].write, caller);
