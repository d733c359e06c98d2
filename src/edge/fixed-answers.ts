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

/** The status line of a code that the edge answers; 503 for any other. */
export const statusLine = (status: number): string =>
  statusLines[status] ?? "503 Service Unavailable";

export const jsonType = "application/json";
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
