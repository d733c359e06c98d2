import { expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { RingReader } from "../base/ring.js";
import {
  Cell,
  createSharedBuffers,
  durableCell,
  MoneyState,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import { Notice, readNotice } from "../journal/notice.js";
import { TokenFields } from "../wire/token-format.js";
import { NoticeDesk, type NoticeFacts } from "./notice-desk.js";

const nowMs = 1_800_000_000_000;
const nowSec = nowMs / 1000;
const bill: NoticeFacts = {
  kind: NoticeKind.BILL,
  lossCode: 0xffff,
  clearingMicros: 5,
  minToWinMicros: -1,
};
const click: NoticeFacts = { ...bill, kind: NoticeKind.CLICK };

function open(ringRecords = 8) {
  const sizes = { workers: 2, places: 1, slots: 2, capEntries: 1, ringRecords };
  const buffers = createSharedBuffers(sizes);
  const state: SharedState = sharedStateFrom(buffers, 1);
  state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  state.setCell(Cell.HEARTBEAT_SEC, nowSec);
  const desk = new NoticeDesk(state, buffers);
  const reader = new RingReader(buffers.rings[1]!);
  const answers: string[] = [];
  const take = (name: string, facts = bill, location = "", at = nowMs): void =>
    desk.take(new TokenFields(), facts, location, at, (status, to) =>
      answers.push(`${name} ${status}${to}`),
    );
  const durable = (sequence: number): void => {
    state.setCell(durableCell(1), sequence);
    desk.acknowledge();
  };
  return { buffers, state, desk, reader, answers, take, durable };
}

test("a notice is answered when its record is durable, not before, and in order", () => {
  const { answers, take, durable, desk } = open();
  for (const name of ["a", "b", "c"]) take(name);
  desk.acknowledge();
  expect(answers).toEqual([]);
  durable(2);
  expect(answers).toEqual(["a 204", "b 204"]);
  expect(desk.waiting).toBe(1);
  durable(3);
  durable(3);
  expect(answers).toEqual(["a 204", "b 204", "c 204"]);
});

test("the record carries the whole token and what the URL said", () => {
  const { desk, reader } = open();
  const token = new TokenFields();
  Object.assign(token, { exchange: 7, lineItem: 8, creative: 9, cell: 10, currency: 11, flags: 2 });
  Object.assign(token, { priceMicros: 2 ** 46 + 1, reservedMicros: 2 ** 45 + 1, keyId: 3 });
  Object.assign(token, { timeSec: 12, expirySec: 13, slot: 14, slotUse: 15 });
  token.nonce.set([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const facts = { kind: NoticeKind.LOSS, lossCode: 102, clearingMicros: 1.5, minToWinMicros: 99 };
  desk.take(token, facts, "", nowMs, () => undefined);
  const notice = new Notice();
  readNotice(reader.view, reader.offsetOf(0), notice);
  expect(notice).toMatchObject({
    ...{ noticeKind: 3, flags: 2, keyId: 3, sequence: 1, exchange: 7, lineItem: 8, creative: 9 },
    ...{ cell: 10, currency: 11, timeSec: 12, expirySec: 13, slot: 14, slotUse: 15 },
    ...{ priceMicros: 2 ** 46 + 1, reservedMicros: 2 ** 45 + 1, lossCode: 102 },
    ...{ clearingMicros: 1.5, minToWinMicros: 99, receivedMs: nowMs },
  });
  expect([...notice.nonce]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a full ring, a failed journal and a silent money thread give 503 at once", () => {
  const { answers, take, state, desk } = open(2);
  for (const name of ["a", "b", "c"]) take(name);
  expect(answers).toEqual(["c 503"]);
  state.setCell(Cell.MONEY_STATE, MoneyState.FAILED);
  desk.acknowledge();
  expect(answers.slice(1)).toEqual(["a 503", "b 503"]);
  take("d");
  expect(answers.at(-1)).toBe("d 503");
  const silent = open();
  silent.desk.tick(nowMs + 4000);
  silent.take("e");
  expect(silent.answers).toEqual(["e 503"]);
  silent.state.setCell(Cell.HEARTBEAT_SEC, nowSec + 4);
  silent.desk.tick(nowMs + 4000);
  silent.take("f");
  silent.durable(1);
  expect(silent.answers).toEqual(["e 503", "f 204"]);
});

test("a notice that waits for more than two seconds is answered 503 once", () => {
  const { answers, take, desk, durable } = open();
  take("a");
  take("b", bill, "", nowMs + 1500);
  desk.tick(nowMs + 2000);
  expect(answers).toEqual([]);
  desk.tick(nowMs + 2001);
  expect(answers).toEqual(["a 503"]);
  durable(2);
  expect(answers).toEqual(["a 503", "b 204"]);
  expect(desk.waiting).toBe(0);
});

test("a notice that the money thread could not take is answered 503", () => {
  const { answers, take, durable, buffers } = open();
  take("a");
  take("b");
  new Uint8Array(buffers.refusals[1]!)[1] = 1;
  durable(2);
  expect(answers).toEqual(["a 503", "b 204"]);
});

test("a click is sent on in every case", () => {
  const { answers, take, durable, state } = open(2);
  take("a", click, "https://x.example/");
  take("b");
  take("c", click, "https://y.example/");
  expect(answers).toEqual(["c 302https://y.example/"]);
  durable(1);
  expect(answers.at(-1)).toBe("a 302https://x.example/");
  state.setCell(Cell.MONEY_STATE, MoneyState.CLOSED);
  take("d", click, "https://z.example/");
  expect(answers.at(-1)).toBe("d 302https://z.example/");
});

test("places of answered notices are used again, round after round", () => {
  const { answers, take, durable, reader } = open(4);
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) take(`${round}`);
    reader.consumeTo(reader.published());
    durable(4 * (round + 1));
  }
  expect(answers.length).toBe(40);
  expect(answers.every((answer) => answer.endsWith("204"))).toBe(true);
});
