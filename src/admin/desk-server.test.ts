import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeskWorld, deskWorld } from "../testing/desk-world.js";
import { pageCsp } from "./desk-server.js";

const uiFolder = mkdtempSync(join(tmpdir(), "crowdbid-ui-"));
let world: DeskWorld;
beforeAll(async () => {
  mkdirSync(join(uiFolder, "assets"));
  writeFileSync(join(uiFolder, "index.html"), "<!doctype html><title>desk</title>");
  writeFileSync(join(uiFolder, "assets", "main-a1B2c3D4.js"), "export {};");
  writeFileSync(join(uiFolder, "assets", "main-a1B2c3D4.js.br"), "compressed");
  world = await deskWorld({ uiFolder });
});
afterAll(async () => {
  await world.server.close();
  rmSync(uiFolder, { recursive: true });
});

describe("the page", () => {
  it("is the answer to each of its addresses, under a policy without inline code", async () => {
    for (const url of ["/", "/line-items", "/line-items/1101/edit?a=b.c", "/sign-in"]) {
      const { statusCode, headers, body } = await world.server.inject(url);
      expect([statusCode, body], url).toEqual([200, "<!doctype html><title>desk</title>"]);
      expect(headers).toMatchObject({
        ...{ "content-security-policy": pageCsp, "cache-control": "no-cache" },
        ...{ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" },
        "cross-origin-opener-policy": "same-origin",
      });
    }
    expect(pageCsp).not.toContain("unsafe");
  });

  it("has addresses with dots in them, where a browser goes there", async () => {
    const url = "/deals/openrtb26%2Fdeal.js";
    const went = await world.server.inject({ url, headers: { accept: "text/html,*/*" } });
    expect([went.statusCode, (await world.server.inject(url)).statusCode]).toEqual([200, 404]);
  });

  it("has assets that never change under their names", async () => {
    const { statusCode, headers } = await world.server.inject("/assets/main-a1B2c3D4.js");
    expect([statusCode, headers["cache-control"]]).toEqual([
      ...[200, "public, max-age=31536000, immutable"],
    ]);
    expect(headers["content-type"]).toMatch(/javascript/);
    const small = await world.server.inject({
      ...{ url: "/assets/main-a1B2c3D4.js", headers: { "accept-encoding": "br" } },
    });
    expect(small.headers).toMatchObject({
      ...{ "content-encoding": "br", "cache-control": headers["cache-control"] },
      "content-type": headers["content-type"],
    });
  });

  it("is not the answer to what is no page", async () => {
    const strays = ["/api/v1/nothing", "/assets/none.js", "/favicon.ico", "/preview/x", "/api"];
    for (const url of strays) {
      const { statusCode, headers } = await world.server.inject(url);
      expect([statusCode, headers["content-type"]], url).toEqual([
        ...[404, "application/problem+json; charset=utf-8"],
      ]);
    }
    for (const url of ["/../package.json", "/%2e%2e/package.json", "/assets/..%2f..%2fx"]) {
      expect((await world.server.inject(url)).body, url).not.toContain('crowdbid",');
    }
    const posted = await world.server.inject({ method: "POST", url: "/line-items" });
    expect(posted.statusCode).toBe(404);
  });
});

describe("the description", () => {
  it("is OpenAPI 3.1 with every parameter and a schema for each body", async () => {
    const document = (await world.server.inject("/api/v1/openapi.json")).json();
    expect([document.openapi, document.info.title]).toEqual(["3.1.0", "crowdbid"]);
    const put = document.paths["/api/v1/line-items/{key}"].put;
    expect(put.parameters[0]).toMatchObject({ name: "key", in: "path", required: true });
    const schema = put.requestBody.content["application/json"].schema;
    expect(Object.keys(schema.properties)).toEqual(["form", "draft", "note"]);
    const reply = put.responses["200"].content["application/json"].schema;
    expect(reply.properties.now.properties.state.enum).toContain("warming");
    expect(put.security).toEqual([{ session: [] }, { token: [] }]);
    expect(document.paths["/api/v1/session"].post.security).toEqual([]);
  });

  it("is a page at /docs that loads nothing from elsewhere", async () => {
    const docs = await world.server.inject("/docs/");
    expect([docs.statusCode, docs.headers["content-type"]]).toEqual([
      ...[200, "text/html; charset=utf-8"],
    ]);
    expect(docs.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self'/,
    );
    expect(docs.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const file of ["swagger-initializer.js", "swagger-ui.css", "swagger-ui-bundle.js"]) {
      expect((await world.server.inject(`/docs/static/${file}`)).statusCode, file).toBe(200);
    }
  });
});
