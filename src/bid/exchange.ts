// for the moment: import from base/lists and campaign/exchange
export { NoticeKind } from "../base/lists.js";
export type { Exchange } from "../campaign/exchange.js";
