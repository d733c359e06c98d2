import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { SipKey } from "../base/hash.js";
import { BankError } from "./bank.js";
import type { IdentifierKind } from "./config/model.js";
import type { BankFolders } from "./folders.js";
import { type ForgetIntent, hexesOf, writeIntent } from "./forget-intent.js";
import type { ForgetIdentifier, ForgetRequest } from "./forget-words.js";
import { identifierKeyOf, kindNumbers } from "./identifier-functions.js";

const idPattern = /^[A-Za-z0-9_-]{8,64}$/;

export type TakenForget =
  | { readonly ok: true; readonly intent: ForgetIntent }
  /** Places in the request of values that are no identifier of their kind. Nothing was done. */
  | { readonly ok: false; readonly unusable: readonly number[] };

/** Hashes what is asked for and puts the intent on disk. `id` is the caller's, and random. */
export function takeForget(
  folders: BankFolders,
  identifierKey: SipKey,
  request: ForgetRequest,
  id: string,
): TakenForget {
  if (!idPattern.test(id)) throw new BankError("a forget's id has 8 to 64 letters and digits");
  const hashed = request.identifiers.map((identifier) => keysFor(identifier, identifierKey));
  const unusable = [...hashed.keys()].filter((i) => hashed[i]?.length === 0);
  if (unusable.length > 0) return { ok: false, unusable };
  const asked = hexesOf(hashed.flat());
  const { only } = request;
  const intent: ForgetIntent = { schema: 1, id, only, asked, keys: asked, gone: [], touched: [] };
  mkdirSync(folders.root, { recursive: true, mode: 0o700 });
  writeIntent(folders, intent);
  return { ok: true, intent };
}

type DigestKinds = Partial<Record<IdentifierKind, readonly [IdentifierKind, IdentifierKind]>>;
const digestKinds: DigestKinds = {
  ...{ idfa: ["idfaSha1", "idfaMd5"], aaid: ["aaidSha1", "aaidMd5"] },
  ...{ oaid: ["oaidSha1", "oaidMd5"] },
};

/** The key, and those of the hashed forms that exchanges make of an advertising id; [] = none. */
function keysFor({ kind, scope, value }: ForgetIdentifier, identifierKey: SipKey): bigint[] {
  if (kind === "person") return [];
  const scoped = kind === "buyerUid" || kind === "eid" ? scope : 0;
  const key = identifierKeyOf(kindNumbers[kind], scoped, value, identifierKey);
  if (key === null) return [];
  const digests = digestKinds[kind];
  if (digests === undefined) return [key];
  const texts = [value.toLowerCase(), value.toUpperCase()];
  const hashed = texts.flatMap((text) =>
    (["sha1", "md5"] as const).map((name, i) => {
      const digest = createHash(name).update(text).digest("hex");
      return identifierKeyOf(kindNumbers[digests[i]!], 0, digest, identifierKey);
    }),
  );
  return [key, ...hashed.filter((digest) => digest !== null)];
}
