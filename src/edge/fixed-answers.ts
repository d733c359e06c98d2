/** Status lines and headers of the bid port: constants only, nothing of a request gets in. */
const statusLines: Readonly<Record<number, string>> = {
  200: "200 OK",
  204: "204 No Content",
  302: "302 Found",
  400: "400 Bad Request",
  401: "401 Unauthorized",
  404: "404 Not Found",
  405: "405 Method Not Allowed",
  411: "411 Length Required",
  413: "413 Content Too Large",
  415: "415 Unsupported Media Type",
  503: "503 Service Unavailable",
};

const bidHeads = new Map<string, string>();

/**
 * Status line and headers of a 200 as one text for a driver that writes what it gets: one call into
 * the core instead of two or three (m: 0.16 us instead of 0.65 on an EPYC, Node 20.20.2, 2026-11).
 */
export function bidHead(version: string): string {
  let head = bidHeads.get(version);
  if (head === undefined) {
    head = `${statusLine(200)}\r\ncontent-type: ${jsonType}\r\n${versionHeader}: ${version}`;
    bidHeads.set(version, head);
  }
  return head;
}

/** The status line of a code that the edge answers; 503 for any other. */
export const statusLine = (status: number): string =>
  statusLines[status] ?? "503 Service Unavailable";

/** OpenRTB 2.6 section 2.2: JSON, and the version that it is written in. */
export const jsonType = "application/json";
export const versionHeader = "x-openrtb-version";
export const textType = "text/plain";
export const allowedMethods = "GET, POST";
export const healthBody = "ok\n";

/** Answers after which the connection ends: more of the refused body may be on its way. */
export const endsConnection = (status: number): boolean =>
  status === 400 || status === 411 || status === 413;

/**
 * A stored landing page as a Location header: printable ASCII without spaces, so that no address
 * can end the header. "" where it is not.
 */
export const safeLocation = (location: string): string =>
  /^https?:\/\/[!-~]{1,2000}$/.test(location) ? location : "";
