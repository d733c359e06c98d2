import type { Role } from "../store/desk-store.js";

/**
 * Who may call a route: a closed list. The server refuses to start with a route that has none, and
 * the authorisation matrix of the tests is made from it.
 */
export type Access =
  /** Anybody who reaches the port: health, login. */
  | { readonly kind: "open" }
  /** Signed in, at least this role, and only what is of the caller's agency. */
  | { readonly kind: "agency"; readonly role: Role }
  /** Of the house: sees all agencies. */
  | { readonly kind: "house"; readonly role: Role };

/** Who calls: made from a session cookie, an API token or admin.token. */
export type Caller = {
  /** 0 = the operator with admin.token. */
  readonly user: number;
  readonly name: string;
  readonly login: string;
  /** "" = the house. */
  readonly agency: string;
  readonly role: Role;
  readonly by: "session" | "token" | "operator";
};

const rank: Readonly<Record<Role, number>> = { viewer: 0, trader: 1, approver: 2, admin: 3 };

export const mayCall = (access: Access, caller: Caller | null): boolean => {
  if (access.kind === "open") return true;
  if (caller === null || rank[caller.role] < rank[access.role]) return false;
  return access.kind === "agency" || caller.agency === "";
};

/** Whether something of this agency exists for the caller: else the answer is 404, as if not. */
export const maySee = (caller: Caller, agency: string): boolean =>
  caller.agency === "" || caller.agency === agency;
