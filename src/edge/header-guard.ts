/**
 * The header guard: what a request's head must be before anything else looks at it. Neither driver
 * is trusted with this: the uWS core that loads on Node 20 lets repeated lengths and hosts through.
 * RFC 9110 5.6.2 (token), 8.6 (Content-Length); RFC 9112 3.2 (Host), 6.3 (message body length).
 */
export const headersMax = 40;
/** Names and values together. */
export const headBytesMax = 8192;
const lengthDigitsMax = 9;
const printable = /^[!-~]*$/;
const none = -1;

/** Decimal digits without a zero in front, at most nine of them; -1 = anything else. */
function lengthOf(text: string): number {
  const digits = text.length;
  if (digits === 0 || digits > lengthDigitsMax) return -1;
  let length = 0;
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    length = length * 10 + digit;
  }
  return digits > 1 && text.charCodeAt(0) === 48 ? -1 : length;
}

/** 1 for each byte that RFC 9110 allows in a header name, which arrives in lower case. */
const tokenBytes = new Uint8Array(128);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  tokenBytes[char.charCodeAt(0)] = 1;
}

function isToken(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 127 || tokenBytes[code] === 0) return false;
  }
  return name.length > 0;
}

/** One per driver, used for one request at a time: `reset`, `see` for each header, `verdict`. */
export class HeaderGuard {
  contentLength = none;
  contentType = "";
  contentEncoding = "";
  /** The x-crowdbid-secret header or the bearer token, "" = none. */
  secret = "";
  /** The last path that was found sound: bid requests come with the same one again and again. */
  private soundPath = "";
  private hosts = 0;
  private headers = 0;
  private headBytes = 0;
  private broken = false;
  private transferEncoding = false;

  reset(): void {
    this.contentLength = none;
    this.contentType = "";
    this.contentEncoding = "";
    this.secret = "";
    this.hosts = 0;
    this.headers = 0;
    this.headBytes = 0;
    this.broken = false;
    this.transferEncoding = false;
  }

  /** One header, its name in lower case. A field of its own, so that a driver can pass it on. */
  readonly see = (name: string, value: string): void => {
    this.headers += 1;
    this.headBytes += name.length + value.length;
    if (!this.isTaken(name, value) && !isToken(name)) this.broken = true;
  };

  /**
   * True for a name that is looked at. By length first: texts that differ in it are not compared
   * (m: 0.1 us less a request).
   */
  private isTaken(name: string, value: string): boolean {
    switch (name.length) {
      case 4:
        return name === "host" && this.takeHost(value);
      case 12:
        return name === "content-type" && this.takeType(value);
      case 13:
        return name === "authorization" && this.takeAuthorization(value);
      case 14:
        return name === "content-length" && this.takeLength(value);
      case 16:
        return name === "content-encoding" && this.takeEncoding(value);
      case 17:
        if (name === "x-crowdbid-secret") this.secret = value;
        else if (name === "transfer-encoding") this.transferEncoding = true;
        else return false;
        return true;
      default:
        return false;
    }
  }

  private takeHost(value: string): true {
    this.hosts += 1;
    if (value === "") this.broken = true;
    return true;
  }

  private takeType(value: string): true {
    this.contentType = value;
    return true;
  }

  private takeAuthorization(value: string): true {
    if (this.secret === "" && /^bearer /i.test(value)) this.secret = value.slice(7).trim();
    return true;
  }

  private takeLength(value: string): true {
    const length = lengthOf(value);
    if (this.contentLength !== none || length < 0) this.broken = true;
    else this.contentLength = length;
    return true;
  }

  /** Two of them mean two codings: as unknown as any other. */
  private takeEncoding(value: string): true {
    this.contentEncoding = this.contentEncoding === "" ? value : "several";
    return true;
  }

  /**
   * 0 = sound; 400 = refuse and close; 411 = a body without a stated length. Nothing behind a head
   * with another verdict than 0 may be read as a request.
   */
  verdict(isPost: boolean, path: string, query: string): number {
    if (this.broken || this.hosts !== 1) return 400;
    if (this.headers > headersMax || this.headBytes > headBytesMax) return 400;
    if (path !== this.soundPath) {
      if (!printable.test(path)) return 400;
      this.soundPath = path;
    }
    if (query !== "" && !printable.test(query)) return 400;
    if (this.transferEncoding) return this.contentLength === none ? 411 : 400;
    if (isPost) return this.contentLength === none ? 411 : 0;
    return this.contentLength > 0 ? 400 : 0;
  }

  /** True when what follows the head cannot be told apart from a next request. */
  get framingIsUnsafe(): boolean {
    return this.transferEncoding;
  }
}
