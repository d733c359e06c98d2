import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type SipKey, sipKeyFrom } from "../base/hash.js";
import { Unprintable, withhold } from "../base/unprintable.js";
import { signingKeyIdOf } from "../index/verify.js";

/**
 * The secrets of a data folder, made at the first start and read back ever after:
 *
 *   keys/identifier.key        16 bytes, hashes identifiers; no snapshot contains it
 *   keys/suppression.key       16 bytes, hashes what was forgotten: a lost one lets it in again
 *   keys/crowd.key             16 bytes, seeds the noise of the crowd minimum
 *   keys/asking.key            16 bytes, chooses which audiences are asked about whom each day
 *   keys/hold-out.key          16 bytes, chooses control groups; another one mixes them up
 *   keys/snapshot.ed25519      PKCS #8 PEM, signs snapshots
 *   keys/snapshot.ed25519.pub  SPKI PEM, 0444
 *   keys/token.key             1 byte key id, 32 bytes secret, makes notice tokens (wire/token-key)
 *   admin.token                43 base64url characters and a line feed, opens the admin API
 */
export type KeyFiles = {
  readonly identifierKey: SipKey;
  /** 16 hexadecimal digits that manifests name the identifier key by. */
  readonly identifierKeyId: string;
  readonly suppressionKey: SipKey;
  readonly crowdKey: SipKey;
  readonly askingKey: SipKey;
  readonly holdOutKey: SipKey;
  readonly signing: SigningKeys;
  readonly token: { readonly keyId: number; readonly secret: Uint8Array };
  readonly adminToken: Unprintable<string>;
  readonly adminTokenPath: string;
  /**
   * The files that this call has made, relative to the data folder: print them at the first start.
   */
  readonly made: readonly string[];
};

export type SigningKeys = {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly keyId: string;
};

export class KeyFileError extends Error {
  readonly code: "key_mode" | "key_content" | "key_unreadable";
  constructor(code: KeyFileError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

const sipKeyBytes = 16;
const tokenSecretBytes = 32;
const firstTokenKeyId = 1;

/** Opens the key files of a data folder and makes those that are missing. Throws KeyFileError. */
export function openKeyFiles(dataFolder: string): KeyFiles {
  const keys = join(dataFolder, "keys");
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  const file = (name: string, mode: number, fresh: () => Uint8Array): Buffer => {
    const path = join(dataFolder, name);
    if (createOnce(path, mode, fresh)) made.push(name);
    return readWithMode(path, mode);
  };
  const sipKeyOf = (name: string): Buffer => {
    const content = file(name, 0o400, () => randomBytes(sipKeyBytes));
    expectBytes(name, content, sipKeyBytes);
    return content;
  };
  const identifier = sipKeyOf("keys/identifier.key");
  const suppressionKey = sipKeyFrom(sipKeyOf("keys/suppression.key"));
  const crowdKey = sipKeyFrom(sipKeyOf("keys/crowd.key"));
  const askingKey = sipKeyFrom(sipKeyOf("keys/asking.key"));
  const holdOutKey = sipKeyFrom(sipKeyOf("keys/hold-out.key"));
  const token = file("keys/token.key", 0o400, () =>
    Buffer.concat([Buffer.of(firstTokenKeyId), randomBytes(tokenSecretBytes)]),
  );
  const admin = file("admin.token", 0o600, () =>
    Buffer.from(`${randomBytes(32).toString("base64url")}\n`),
  );
  const signing = openSigningKeys(file);
  expectBytes("keys/token.key", token, 1 + tokenSecretBytes);
  const adminToken = admin.toString("latin1").trim();
  if (!/^[\w-]{32,}$/.test(adminToken)) {
    throw new KeyFileError("key_content", "admin.token: delete it, and a new one is made");
  }
  return withhold({
    identifierKey: sipKeyFrom(identifier),
    identifierKeyId: identifierKeyIdOf(identifier),
    ...{ suppressionKey, crowdKey, askingKey, holdOutKey, signing },
    token: withhold({ keyId: token[0]!, secret: withhold(new Uint8Array(token.subarray(1))) }),
    adminToken: new Unprintable(adminToken),
    adminTokenPath: join(dataFolder, "admin.token"),
    made,
  });
}

/** Names the key without giving it away: 64 bits of a digest of 128 random ones. */
export const identifierKeyIdOf = (key: Uint8Array): string =>
  createHash("sha256")
    .update("crowdbid identifier key id\n")
    .update(key)
    .digest("hex")
    .slice(0, 16);

type OpenFile = (name: string, mode: number, fresh: () => Uint8Array) => Buffer;

function openSigningKeys(file: OpenFile): SigningKeys {
  const pem = file("keys/snapshot.ed25519", 0o400, () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    return Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" }));
  });
  const privateKey = readKey("keys/snapshot.ed25519", () => createPrivateKey(pem));
  const publicKey = createPublicKey(privateKey);
  const publicPem = Buffer.from(publicKey.export({ type: "spki", format: "pem" }));
  const found = file("keys/snapshot.ed25519.pub", 0o444, () => publicPem);
  if (!found.equals(publicPem)) {
    const what = "keys/snapshot.ed25519.pub does not belong to keys/snapshot.ed25519";
    throw new KeyFileError("key_content", `${what}: delete the .pub file, it is made anew`);
  }
  return { privateKey, publicKey, keyId: signingKeyIdOf(publicKey) };
}

function readKey(name: string, read: () => KeyObject): KeyObject {
  try {
    const key = read();
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // falls through to the one error message
  }
  throw new KeyFileError("key_content", `${name} is no Ed25519 key in PEM`);
}

function expectBytes(name: string, content: Uint8Array, bytes: number): void {
  if (content.length === bytes) return;
  const what = `${name} has ${content.length} bytes instead of ${bytes}`;
  throw new KeyFileError("key_content", `${what}: put the right file back`);
}

/**
 * Makes the file with its final mode and content at once, also when two processes try; true when we
 * did.
 */
function createOnce(path: string, mode: number, fresh: () => Uint8Array): boolean {
  try {
    closeSync(openSync(path, "r"));
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(path, error);
  }
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const fd = openSync(temporary, "wx", mode);
  try {
    writeSync(fd, fresh());
    fchmodSync(fd, mode); // the umask may have taken bits away
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(temporary, path);
    syncFolder(dirname(path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function readWithMode(path: string, mode: number): Buffer {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const found = fstatSync(fd).mode & 0o777;
    if (found !== mode) {
      const octal = (m: number): string => `0${m.toString(8).padStart(3, "0")}`;
      const what = `${path} has mode ${octal(found)}, it must be ${octal(mode)}`;
      throw new KeyFileError("key_mode", `${what}: chmod ${mode.toString(8)} ${path}`);
    }
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

const unreadable = (path: string, error: unknown): KeyFileError =>
  new KeyFileError("key_unreadable", `${path}: ${(error as Error).message}`);

/** Makes a new or renamed entry of a folder survive a power cut. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
