import type { TemplatedApp, us_listen_socket } from "uWebSockets.js";
import type { HttpEdge, HttpEdgeDriver } from "./http-edge.js";
import { refusalAfterLoad, refusalBeforeLoad } from "./native-addon.js";
import { untilQuiet } from "./quiet.js";
import { UwsRequests } from "./uws-requests.js";

type Uws = typeof import("uWebSockets.js");
/** Closes listen sockets and connections; the package's types leave it out. */
type Closable = { readonly close: () => void };

async function loadNative(): Promise<Uws> {
  const before = refusalBeforeLoad(process.env);
  if (before !== "") throw new Error(before);
  const { default: uws } = await import("uWebSockets.js");
  const after = refusalAfterLoad(uws);
  if (after !== "") throw new Error(after);
  return uws;
}

function listen(app: TemplatedApp, host: string, port: number) {
  return new Promise<us_listen_socket>((resolve, reject) => {
    app.listen(host, port, (socket) => {
      if (socket) resolve(socket);
      else reject(new Error(`cannot listen on ${host} port ${port}: is it in use?`));
    });
  });
}

/**
 * The fast driver: uWebSockets.js. Listens with SO_REUSEPORT, so that every worker thread shares
 * the port. Its app must be closed before its thread ends, or the process aborts.
 */
export const uwsDriver: HttpEdgeDriver = async (app, { host, port }) => {
  const uws = await loadNative();
  // No header may tell which server this is.
  if (typeof uws._cfg === "function") uws._cfg("silent");
  const requests = new UwsRequests(app);
  const server = uws.App() as TemplatedApp & Closable;
  server.any("/*", requests.handle);
  const socket = await listen(server, host, port);
  let state: "open" | "draining" | "closed" = "open";
  const close = (): void => {
    if (state === "closed") return;
    state = "closed";
    server.close();
  };
  const activity = {
    pending: () => requests.pending,
    lastArrivalNs: () => requests.lastArrivalNs,
  };
  const edge: HttpEdge = {
    port: uws.us_socket_local_port(socket),
    pending: activity.pending,
    drain: async (deadlineMs) => {
      if (state !== "open") return;
      state = "draining";
      requests.draining = true;
      uws.us_listen_socket_close(socket);
      await untilQuiet(activity, app.clock, deadlineMs);
      close();
    },
    close,
  };
  return edge;
};
