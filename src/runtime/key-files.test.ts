import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SipKey } from "../base/hash.js";
import { openKeyFiles } from "./key-files.js";

let data = "";
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-keys-"));
});
afterEach(() => rmSync(data, { recursive: true }));

const text = ({ k0lo, k0hi, k1lo, k1hi }: SipKey): string => `${[k0lo, k0hi, k1lo, k1hi]}`;
const modeOf = (name: string): number => statSync(join(data, name)).mode & 0o777;

test("the first start makes every key with its mode, the second reads the same ones", () => {
  const first = openKeyFiles(data);
  expect(new Set(first.made)).toEqual(
    new Set([
      ...["admin.token", "keys/crowd.key", "keys/identifier.key", "keys/snapshot.ed25519"],
      ...[
        "keys/asking.key",
        "keys/hold-out.key",
        "keys/snapshot.ed25519.pub",
        "keys/suppression.key",
        "keys/token.key",
      ],
    ]),
  );
  expect(modeOf("keys")).toBe(0o700);
  for (const name of ["identifier", "suppression", "crowd", "asking", "hold-out"]) {
    expect(modeOf(`keys/${name}.key`)).toBe(0o400);
  }
  expect(modeOf("keys/snapshot.ed25519")).toBe(0o400);
  expect(modeOf("keys/token.key")).toBe(0o400);
  expect(modeOf("admin.token")).toBe(0o600);
  const second = openKeyFiles(data);
  expect(second.made).toEqual([]);
  expect(second.identifierKey).toEqual(first.identifierKey);
  expect(second.identifierKeyId).toBe(first.identifierKeyId);
  expect(second.suppressionKey).toEqual(first.suppressionKey);
  expect(second.crowdKey).toEqual(first.crowdKey);
  expect(new Set([first.identifierKey, first.suppressionKey, first.crowdKey].map(text)).size).toBe(
    3,
  );
  expect(second.signing.keyId).toBe(first.signing.keyId);
  expect(second.token).toEqual(first.token);
  expect(second.adminToken.reveal()).toBe(first.adminToken.reveal());
  expect(first.adminToken.reveal().length).toBe(43);
});

test("two data folders share no secret", () => {
  const [one, other] = [openKeyFiles(join(data, "a")), openKeyFiles(join(data, "b"))];
  expect(one.identifierKeyId).not.toBe(other.identifierKeyId);
  expect(one.suppressionKey).not.toEqual(other.suppressionKey);
  expect(one.crowdKey).not.toEqual(other.crowdKey);
  expect(one.signing.keyId).not.toBe(other.signing.keyId);
  expect(one.token.secret).not.toEqual(other.token.secret);
  expect(one.adminToken.reveal()).not.toBe(other.adminToken.reveal());
});

const secrets = ["identifier.key", "suppression.key", "crowd.key", "snapshot.ed25519", "token.key"];
test.each([...secrets.map((name) => `keys/${name}`), "admin.token"])(
  "%s that others may read is refused, with the command that mends it",
  (name) => {
    openKeyFiles(data);
    chmodSync(join(data, name), 0o644);
    expect(() => openKeyFiles(data)).toThrow(/has mode 0644, it must be 0[46]00: chmod [46]00 /);
  },
);

test.each(["identifier", "suppression", "crowd", "asking", "hold-out"])(
  "%s.key of the wrong size is refused and never overwritten",
  (name) => {
    openKeyFiles(data);
    const path = join(data, `keys/${name}.key`);
    chmodSync(path, 0o600);
    writeFileSync(path, "short");
    chmodSync(path, 0o400);
    expect(() => openKeyFiles(data)).toThrow(`keys/${name}.key has 5 bytes instead of 16`);
    expect(readFileSync(path, "utf8")).toBe("short");
  },
);

test("a public key that is not the private one's is refused", () => {
  openKeyFiles(join(data, "a"));
  openKeyFiles(join(data, "b"));
  const path = join(data, "a/keys/snapshot.ed25519.pub");
  chmodSync(path, 0o600);
  writeFileSync(path, readFileSync(join(data, "b/keys/snapshot.ed25519.pub")));
  chmodSync(path, 0o444);
  expect(() => openKeyFiles(join(data, "a"))).toThrow(/does not belong to/);
});
