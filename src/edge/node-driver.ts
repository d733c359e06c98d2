import { createServer, type Server } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import type { HttpEdgeDriver, ListenOptions } from "./http-edge.js";
import { NodeRequests } from "./node-requests.js";
import { untilQuiet } from "./quiet.js";

/**
 * Exchanges keep an idle connection for up to 60 s, and it must be they who close it. The time for
 * a head starts with its first byte (measured on Node 20.20: an idle connection outlives it), so
 * it can be short; both are close to the uWS core's own 10 s.
 */
const serverOptions = {
  keepAliveTimeout: 75_000,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8192,
  insecureHTTPParser: false,
  // The guard asks for it, of HTTP/1.0 as well.
  requireHostHeader: false,
  noDelay: true,
} as const;

const lastAnswer = (statusLine: string): string =>
  `HTTP/1.1 ${statusLine}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
const badRequest = lastAnswer("400 Bad Request");
const timedOut = lastAnswer("408 Request Timeout");

function listen(server: Server, { host, port }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** The driver on node:http: serves where no native addon loads, and is the reference in tests. */
export const nodeDriver: HttpEdgeDriver = async (app, options) => {
  const requests = new NodeRequests(app);
  const server = createServer(serverOptions, requests.handle);
  // 0 = every header reaches the guard: a limit here would drop those beyond it in silence.
  server.maxHeadersCount = 0;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    // What follows a head that was refused may well be no request: it is not answered again.
    if (!socket.writable || requests.hasRefused(socket)) {
      socket.end(() => socket.destroy());
      return;
    }
    const isLate = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    app.refused(isLate ? 408 : 400);
    socket.end(isLate ? timedOut : badRequest, () => socket.destroy());
  });
  const port = await listen(server, options);
  let open = true;
  const stopListening = (): void => {
    // http.Server's own close would also cut idle connections: a request may be on its way there.
    if (open) NetServer.prototype.close.call(server);
    open = false;
  };
  const close = (): void => {
    stopListening();
    server.closeAllConnections();
  };
  return {
    port,
    pending: () => requests.pending,
    drain: async (deadlineMs) => {
      requests.draining = true;
      stopListening();
      const lastArrivalNs = (): number => requests.lastArrivalNs;
      await untilQuiet({ pending: () => requests.pending, lastArrivalNs }, app.clock, deadlineMs);
      close();
    },
    close,
  };
};
