import type { HttpResponse } from "uWebSockets.js";
import type { NoticeKind } from "../base/lists.js";
import type { Exchange } from "../campaign/exchange.js";
import { BodyStore } from "./body-store.js";

/** Who is called about a request. */
export type IncomingOwner = {
  readonly data: (incoming: Incoming, chunk: ArrayBuffer, isLast: boolean) => void;
  readonly answer: (incoming: Incoming) => void;
  readonly release: (incoming: Incoming) => void;
};

/**
 * One request from head to answer. Pooled with its callbacks: after the answer or the abort the
 * core calls none of them again, so an object in the pool belongs to no socket.
 */
export class Incoming {
  readonly body = new BodyStore();
  readonly onAborted: () => void;
  readonly onData: (chunk: ArrayBuffer, isLast: boolean) => void;
  readonly onCorked: () => void;
  res: HttpResponse | null = null;
  exchange: Exchange | null = null;
  noticeKind: NoticeKind | 0 = 0;
  query = "";
  /** The body is part of the query. */
  formBody = false;
  expectedBytes = 0;
  storedBytes = 0;
  gzip = false;
  shed = false;
  arrivedNs = 0;
  /** In a batch: not to be used for another request before the batch has let go of it. */
  gathered = false;
  /** What a batch has decided, and where in its answers the bytes are. */
  status = 0;
  answerStart = 0;
  answerEnd = 0;

  constructor(owner: IncomingOwner) {
    this.onAborted = () => owner.release(this);
    this.onData = (chunk, isLast) => owner.data(this, chunk, isLast);
    this.onCorked = () => owner.answer(this);
  }
}
