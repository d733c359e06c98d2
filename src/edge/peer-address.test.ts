import { expect, test } from "vitest";
import { addressText, plainAddress } from "./peer-address.js";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

test.each([
  ["7f000001", "127.0.0.1"],
  ["c0000201", "192.0.2.1"],
  ["00000000000000000000ffffc0000201", "192.0.2.1"],
  ["00000000000000000000000000000001", "::1"],
  ["00000000000000000000000000000000", "::"],
  ["20010db8000000000000000000000001", "2001:db8::1"],
  ["20010db8000100020003000400050006", "2001:db8:1:2:3:4:5:6"],
  ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
  ["20010000000000010000000000000001", "2001:0:0:1::1"],
  ["00010000000000000000000000000000", "1::"],
  ["", ""],
])("the bytes %s are %s", (hex, text) => {
  expect(addressText(bytes(hex))).toBe(text);
});

test("an IPv4 peer of an IPv6 socket has one name in both drivers", () => {
  expect(plainAddress("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(plainAddress("2001:db8::1")).toBe("2001:db8::1");
  expect(plainAddress(undefined)).toBe("");
});
