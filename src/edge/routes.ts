import { NoticeKind } from "../base/lists.js";

/** The paths of the bid port. */
export const Route = { NONE: 0, BID: 1, NOTICE: 2, HEALTH: 3 } as const;
export type Route = (typeof Route)[keyof typeof Route];

export const bidPrefix = "/bid/";

const noticePaths = new Map<string, NoticeKind>([
  ["/win", NoticeKind.WIN],
  ["/bill", NoticeKind.BILL],
  ["/loss", NoticeKind.LOSS],
  ["/impression", NoticeKind.IMPRESSION],
  ["/click", NoticeKind.CLICK],
]);

export function routeOf(path: string): Route {
  if (path.startsWith(bidPrefix)) return Route.BID;
  if (noticePaths.has(path)) return Route.NOTICE;
  return path === "/healthz" ? Route.HEALTH : Route.NONE;
}

/** The kind of a path whose route is NOTICE. */
export const noticeKindOf = (path: string): NoticeKind | undefined => noticePaths.get(path);
