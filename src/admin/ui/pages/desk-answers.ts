import type {
  AudienceEstimate,
  ExchangeFact,
  FunnelBar,
  LatencyPoint,
  ListFact,
  SegmentFact,
  SeriesPoint,
} from "../../desk/desk.js";
import type { ApiToken, AuditLine, User } from "../../store/desk-store.js";
import type { Listing } from "../answers.js";

/** What routes of facts, people and history answer. */
export type SegmentsAnswer = Listing<SegmentFact>;
export type EstimateAnswer = AudienceEstimate;
export type ChecksAnswer = { readonly checksLeft: number };
export type CheckAnswer = ChecksAnswer & { readonly verdict: string };
export type ListsAnswer = Listing<ListFact> & { readonly kinds?: readonly string[] };
export type FunnelAnswer = { readonly bars: readonly FunnelBar[]; readonly asOf: string };
export type SeriesAnswer = { readonly points: readonly SeriesPoint[] };
export type LatencyAnswer = { readonly points: readonly LatencyPoint[] };
/** Of an exchange an agency's users see the name and whether it is stopped. */
export type ExchangeEntry = Pick<ExchangeFact, "name" | "stopped"> & Partial<ExchangeFact>;
export type ExchangesAnswer = { readonly items: readonly ExchangeEntry[] };
export type UsersAnswer = Listing<User>;
export type TokensAnswer = Listing<ApiToken>;
export type AuditAnswer = { readonly items: readonly AuditLine[] };
export type DimensionsAnswer = { readonly items: readonly string[] };
export type PreviewAnswer = {
  readonly format: string;
  readonly html?: string;
  readonly card?: NativeCard;
  readonly vast?: string;
  readonly sizes: readonly string[];
  readonly problems: readonly string[];
  readonly clickUrl: string;
};
export type NativeCard = {
  readonly title?: string;
  readonly image?: string;
  readonly icon?: string;
  readonly data?: Readonly<Record<string, string>>;
};
export type ApprovalsAnswer = Listing<ApprovalEntry>;
export type ApprovalEntry = {
  readonly key: string;
  readonly name: string;
  readonly exchange: string;
  readonly verdict: "approved" | "pending" | "rejected";
  readonly advertiser?: { readonly key: string; readonly name: string };
  readonly updatedAt?: string;
};
