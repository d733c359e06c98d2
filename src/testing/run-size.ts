/**
 * How much a seeded test tries: the usual size in every run, the long one with `CROWDBID_LONG=1`
 * (`npm run test:long`). The usual size is one that has been seen to fail on broken code.
 */
export const isLongRun = process.env["CROWDBID_LONG"] === "1";
export const runSize = (usual: number, long: number): number => (isLongRun ? long : usual);
