import type { ComponentType } from "preact";
import type { Role } from "../store/desk-store.js";
import type { PageProps } from "./route.js";

export type Page = {
  readonly pattern: string;
  readonly title: string;
  readonly load: () => Promise<{ readonly default: ComponentType<PageProps> }>;
};

/**
 * Every address; the first that fits is shown. Each page is a file, and comes when it is asked for.
 */
const lineItems = () => import("./pages/line-items.js");
const lineItemEdit = () => import("./pages/line-item-edit.js");
const campaignEdit = () => import("./pages/campaign-edit.js");
const advertiserEdit = () => import("./pages/advertiser-edit.js");
const agencyEdit = () => import("./pages/agency-edit.js");
const audience = () => import("./pages/audience.js");
const creative = () => import("./pages/creative.js");
const deal = () => import("./pages/deal.js");
export const pages: readonly Page[] = [
  { pattern: "/", title: "Line items", load: lineItems },
  { pattern: "/line-items", title: "Line items", load: lineItems },
  { pattern: "/line-items/new", title: "New line item", load: lineItemEdit },
  { pattern: "/line-items/:key", title: "Line item", load: () => import("./pages/line-item.js") },
  { pattern: "/line-items/:key/edit", title: "Edit a line item", load: lineItemEdit },
  { pattern: "/line-items/:key/funnel", title: "Spend", load: () => import("./pages/funnel.js") },
  { pattern: "/audiences", title: "Audiences", load: () => import("./pages/audiences.js") },
  { pattern: "/audiences/new", title: "New audience", load: audience },
  { pattern: "/audiences/:key", title: "Audience", load: audience },
  { pattern: "/audiences/:key/edit", title: "Audience", load: audience },
  { pattern: "/lists", title: "Lists", load: () => import("./pages/lists.js") },
  { pattern: "/creatives", title: "Creatives", load: () => import("./pages/creatives.js") },
  {
    ...{ pattern: "/creatives/approvals", title: "Approvals" },
    load: () => import("./pages/approvals.js"),
  },
  { pattern: "/creatives/new", title: "New creative", load: creative },
  { pattern: "/creatives/:key", title: "Creative", load: creative },
  { pattern: "/creatives/:key/edit", title: "Creative", load: creative },
  { pattern: "/deals", title: "Deals", load: () => import("./pages/deals.js") },
  { pattern: "/deals/new", title: "New deal", load: deal },
  { pattern: "/deals/:key", title: "Deal", load: deal },
  { pattern: "/deals/:key/edit", title: "Deal", load: deal },
  { pattern: "/reports", title: "Reports", load: () => import("./pages/reports.js") },
  { pattern: "/plots", title: "Plots", load: () => import("./pages/plots.js") },
  { pattern: "/exchanges", title: "Exchanges", load: () => import("./pages/exchanges.js") },
  { pattern: "/exchanges/:name", title: "Exchange", load: () => import("./pages/exchange.js") },
  { pattern: "/explain", title: "Explain", load: () => import("./pages/explain.js") },
  { pattern: "/history", title: "History", load: () => import("./pages/history.js") },
  { pattern: "/users", title: "Users", load: () => import("./pages/users.js") },
  { pattern: "/account", title: "Account", load: () => import("./pages/account.js") },
  { pattern: "/audit", title: "Audit log", load: () => import("./pages/audit.js") },
  { pattern: "/start", title: "New campaign", load: () => import("./pages/start.js") },
  { pattern: "/campaigns", title: "Campaigns", load: () => import("./pages/campaigns.js") },
  { pattern: "/campaigns/new", title: "New campaign", load: campaignEdit },
  { pattern: "/campaigns/:key", title: "Edit a campaign", load: campaignEdit },
  { pattern: "/campaigns/:key/edit", title: "Edit a campaign", load: campaignEdit },
  { pattern: "/advertisers", title: "Advertisers", load: () => import("./pages/advertisers.js") },
  { pattern: "/advertisers/new", title: "New advertiser", load: advertiserEdit },
  { pattern: "/advertisers/:key", title: "Edit an advertiser", load: advertiserEdit },
  { pattern: "/advertisers/:key/edit", title: "Edit an advertiser", load: advertiserEdit },
  { pattern: "/agencies", title: "Agencies", load: () => import("./pages/agencies.js") },
  { pattern: "/agencies/new", title: "New agency", load: agencyEdit },
  { pattern: "/agencies/:key", title: "Edit an agency", load: agencyEdit },
  { pattern: "/agencies/:key/edit", title: "Edit an agency", load: agencyEdit },
];

export type NavEntry = {
  readonly href: string;
  readonly label: string;
  readonly role?: Role;
  readonly house?: boolean;
};
export const navigation: readonly NavEntry[] = [
  { href: "/line-items", label: "Line items" },
  { href: "/campaigns", label: "Campaigns" },
  { href: "/advertisers", label: "Advertisers" },
  { href: "/agencies", label: "Agencies", house: true },
  { href: "/audiences", label: "Audiences" },
  { href: "/lists", label: "Lists" },
  { href: "/creatives", label: "Creatives" },
  { href: "/deals", label: "Deals" },
  { href: "/reports", label: "Reports" },
  { href: "/plots", label: "Plots" },
  { href: "/exchanges", label: "Exchanges" },
  { href: "/explain", label: "Explain" },
  { href: "/history", label: "History" },
  { href: "/users", label: "Users", role: "admin" },
];
