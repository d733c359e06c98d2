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
import type { ChangeEntry } from "../answers.js";

/** What routes of facts, people and history answer; instants are ISO 8601. */
type Items<Item> = { readonly items: readonly Item[] };
type At<Fact extends { readonly atMs: number }> = Omit<Fact, "atMs"> & { readonly at: string };

export type SegmentsAnswer = Items<SegmentFact>;
export type EstimateAnswer = AudienceEstimate;
export type ChecksAnswer = { readonly checksLeft: number };
export type CheckAnswer = ChecksAnswer & { readonly verdict: string };
export type ListEntry = At<ListFact>;
export type ListsAnswer = Items<ListEntry> & { readonly kinds: readonly string[] };
export type FunnelAnswer = { readonly bars: readonly FunnelBar[]; readonly asOf: string };
export type SeriesAnswer = { readonly points: readonly At<SeriesPoint>[] };
export type LatencyAnswer = { readonly points: readonly At<LatencyPoint>[] };
/** Of an exchange an agency's users see the name and whether it is stopped. */
export type ExchangeEntry = Pick<ExchangeFact, "name" | "stopped"> & Partial<ExchangeFact>;
export type ExchangesAnswer = Items<ExchangeEntry>;
export type UserEntry = Omit<User, "createdMs" | "lastSeenMs"> & {
  readonly createdAt: string;
  /** null = never. */
  readonly lastSeenAt: string | null;
};
export type UsersAnswer = Items<UserEntry>;
export type InvitationEntry = Pick<User, "id" | "name" | "agency" | "role"> & {
  readonly expiresAt: string;
};
export type InvitationsAnswer = Items<InvitationEntry>;
export type TokenEntry = Pick<ApiToken, "id" | "name" | "role"> & {
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
};
export type TokensAnswer = Items<TokenEntry>;
/** `next` is the `before` of the page after; null = there is none. */
export type AuditAnswer = Items<At<AuditLine>> & { readonly next: number | null };
export type ChangesAnswer = Items<ChangeEntry> & { readonly next: number | null };
export type DimensionsAnswer = Items<string>;
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
  readonly title: string;
  readonly image: string | null;
  readonly icon: string | null;
  readonly data: Readonly<Record<string, string>>;
};
export type ApprovalsAnswer = Items<ApprovalEntry> & { readonly total: number };
export type ApprovalEntry = {
  /** Its key. */
  readonly creative: string;
  readonly name: string;
  /** Its name. */
  readonly advertiser: string;
  readonly exchange: string;
  readonly verdict: "approved" | "pending" | "rejected";
  readonly version: number;
  readonly updatedAt: string;
};
