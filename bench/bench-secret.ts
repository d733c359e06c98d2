/** What the exchange of a bench server must send to be let in. */
export const benchSecret = "the-secret-of-the-bench-exchange";
