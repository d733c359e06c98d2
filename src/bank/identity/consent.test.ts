import { expect, test } from "vitest";
import { mayUse } from "./consent.js";

type Row = readonly [
  what: string,
  granted: number,
  accountGranted: number,
  withdrawn: number,
  accountWithdrawn: number,
  optIn: boolean,
  optOut: boolean,
];
const table: readonly Row[] = [
  ["nothing said", 0, 0, 0, 0, false, true],
  ["granted on a device", 5, 0, 0, 0, true, true],
  ["granted in the account", 0, 5, 0, 0, true, true],
  ["withdrawn on a device", 0, 0, 5, 0, false, false],
  ["withdrawn in the account", 0, 0, 0, 5, false, false],
  ["granted, then withdrawn, both on a device", 5, 0, 6, 0, false, false],
  ["withdrawn, then granted, both on a device", 6, 0, 5, 0, true, true],
  ["at one second: the withdrawal stands", 5, 0, 5, 0, false, false],
  ["at one second in the account: the withdrawal stands", 0, 5, 0, 5, false, false],
  ["a device does not lift what the account withdrew", 9, 0, 0, 5, false, false],
  ["the account lifts what a device withdrew", 0, 6, 5, 0, true, true],
  ["an earlier grant of the account lifts nothing later", 0, 4, 5, 0, false, false],
  ["the account lifts what the account withdrew", 0, 6, 0, 5, true, true],
  ["a device withdraws after the account granted again", 0, 6, 7, 5, false, false],
  ["a device grants after that", 8, 6, 7, 5, true, true],
  ["both withdrawn, only the device's lifted", 9, 4, 8, 5, false, false],
];

for (const [what, granted, accountGranted, withdrawn, accountWithdrawn, optIn, optOut] of table) {
  test(`consent: ${what}`, () => {
    const said = { granted, accountGranted, withdrawn, accountWithdrawn };
    expect([mayUse("optIn", said), mayUse("optOut", said)]).toEqual([optIn, optOut]);
  });
}
