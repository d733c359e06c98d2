import fastifyStatic from "@fastify/static";
import fastifySwagger from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { openApi } from "./api/openapi.js";

/** What serves people beside the API's routes: the page's files, and the description at /docs. */

export const pageCsp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'";

/** The description's page is not ours: it needs styles of its own, and nothing from elsewhere. */
const docsCsp =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; connect-src 'self'; font-src 'self' data:; form-action 'none'; " +
  "base-uri 'none'; frame-ancestors 'none'";

/** Before the routes: it listens to each that is added. */
export async function addDescription(server: FastifyInstance): Promise<void> {
  await server.register(fastifySwagger, openApi as object);
  await server.register(fastifySwaggerUi, { routePrefix: "/docs", staticCSP: docsCsp });
}

const hashed = /\/assets\/[^/]+-[\w-]{8,}\.\w+(?:\.(?:br|gz))?$/;

export async function addPage(server: FastifyInstance, uiFolder: string): Promise<void> {
  await server.register(fastifyStatic, {
    root: uiFolder,
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header("content-security-policy", pageCsp);
      const kept = "public, max-age=31536000, immutable";
      reply.header("cache-control", hashed.test(path) ? kept : "no-cache");
    },
  });
  server.get("/", (_request, reply) => reply.sendFile("index.html"));
}

const notPages = /^\/(?:api|docs|preview|metrics|healthz|readyz|assets)(?:\/|$)/;

/**
 * An address inside the page, which the page's own router reads. One that ends as a file does is
 * one where a browser goes there: a deal's id may have dots.
 */
export const isPageAddress = ({ method, url, headers }: FastifyRequest): boolean => {
  const path = url.split("?", 1)[0]!;
  if ((method !== "GET" && method !== "HEAD") || notPages.test(path)) return false;
  const last = path.slice(path.lastIndexOf("/") + 1);
  return !last.includes(".") || headers.accept?.includes("text/html") === true;
};

export const sendPage = (reply: FastifyReply): FastifyReply => reply.sendFile("index.html");
