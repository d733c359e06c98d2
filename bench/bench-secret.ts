import { createHash } from "node:crypto";

/** What the exchange of a bench server must send to be let in. */
export const benchSecret = "the-secret-of-the-bench-exchange";

export const benchSecretSha256 = createHash("sha256").update(benchSecret).digest("hex");
