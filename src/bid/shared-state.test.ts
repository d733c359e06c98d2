import { expect, test } from "vitest";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  sharedStateFrom,
  silenceSecMax,
} from "./shared-state.js";

const lookedSec = 1_800_000_000;

function stateAt(lookedAtSec: number) {
  const sizes = { workers: 1, places: 1, slots: 1, capEntries: 1, ringRecords: 1 };
  const state = sharedStateFrom(createSharedBuffers(sizes), 0);
  state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  state.setCell(Cell.HEARTBEAT_SEC, lookedAtSec | 0);
  return state;
}

test("nothing is bid once the money thread has not looked for too long, either way", () => {
  const state = stateAt(lookedSec);
  for (const awaySec of [0, 1, silenceSecMax]) {
    expect(state.mayBidAt(lookedSec + awaySec)).toBe(true);
    expect(state.mayBidAt(lookedSec - awaySec)).toBe(true);
  }
  for (const awaySec of [silenceSecMax + 1, 60, 26 * 3600]) {
    expect(state.mayBidAt(lookedSec + awaySec)).toBe(false);
    expect(state.mayBidAt(lookedSec - awaySec)).toBe(false);
  }
  state.setCell(Cell.HEARTBEAT_SEC, (lookedSec + 60) | 0);
  expect(state.mayBidAt(lookedSec + 60)).toBe(true);
});

test("the second at which it looked is told across the end of 31 bits", () => {
  const lastSec = 2 ** 31 - 1;
  expect(stateAt(lastSec).mayBidAt(lastSec + 2)).toBe(true);
  expect(stateAt(lastSec + 2).mayBidAt(lastSec)).toBe(true);
  expect(stateAt(lastSec).mayBidAt(lastSec + silenceSecMax + 1)).toBe(false);
});

test("a bid is held as long as the journal says at most, and asks for what it wants", () => {
  const lastSec = 2 ** 31 - 1;
  const state = stateAt(lastSec);
  expect(state.mayHoldUntil(lastSec + 9000, lastSec)).toBe(true);
  state.setCell(Cell.LEASED_SEC, (lastSec + 100) | 0);
  expect(state.mayHoldUntil(lastSec + 100, lastSec)).toBe(true);
  expect(state.mayHoldUntil(lastSec - 5, lastSec - 30)).toBe(true);
  expect(state.mayHoldUntil(lastSec + 101, lastSec + 60)).toBe(false);
  expect(state.cell(Cell.LIFE_WANTED_SEC)).toBe(9000);
});

test("a look of now is not enough where bills cannot be booked or the thread is silent", () => {
  const state = stateAt(lookedSec);
  for (const one of [MoneyState.STARTING, MoneyState.FAILED, MoneyState.CLOSED]) {
    state.setCell(Cell.MONEY_STATE, one);
    expect(state.mayBidAt(lookedSec)).toBe(false);
  }
  state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  state.moneyAlive = false;
  expect(state.mayBidAt(lookedSec)).toBe(false);
});
