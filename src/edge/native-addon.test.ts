import uws from "uWebSockets.js";
import { afterEach, expect, test, vi } from "vitest";
import { echoApp } from "../testing/echo-app.js";
import { refusalAfterLoad, refusalBeforeLoad } from "./native-addon.js";
import { uwsDriver } from "./uws-driver.js";

afterEach(() => vi.unstubAllEnvs());

test("the installed package is native", () => {
  expect(refusalAfterLoad(uws)).toBe("");
});

test("a JavaScript server under the same names is refused, and the way out is named", () => {
  expect(refusalAfterLoad({ App: () => {} })).toContain("--edge node");
  expect(refusalAfterLoad({ App: () => {}, SSLApp: () => {} })).toContain("--edge node");
  expect(refusalAfterLoad({})).toContain("no native addon");
});

test("the package's switch to its JavaScript server is refused, whatever its value", async () => {
  expect(refusalBeforeLoad({})).toBe("");
  expect(refusalBeforeLoad({ UWS_USE_FALLBACK: "0" })).toContain("unset it");
  vi.stubEnv("UWS_USE_FALLBACK", "1");
  const started = uwsDriver(echoApp(), { host: "127.0.0.1", port: 0 });
  await expect(started).rejects.toThrow("UWS_USE_FALLBACK");
});
