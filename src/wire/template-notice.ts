import { NoticeKind } from "../base/lists.js";
import type { Exchange } from "../campaign/exchange.js";
import { Slot } from "./template.js";
import type { Pieces } from "./template-pieces.js";
import { tokenChars } from "./token-format.js";

/** What of an exchange shapes markup: exchanges with equal dialects share templates. */
export type Dialect = Pick<
  Exchange,
  "version" | "priceMacro" | "clickMacro" | "notices" | "billsBy" | "priceKeys"
>;

/** Equal texts mean equal templates. */
export const dialectKey = (dialect: Dialect): string =>
  JSON.stringify([
    dialect.version,
    dialect.priceMacro,
    dialect.clickMacro,
    [...dialect.notices].sort((a, b) => a - b),
    dialect.billsBy,
    encrypts(dialect),
  ]);

/** Numbers the dialects of exchanges 0, 1, ... in order of appearance: `Exchange.dialect`. */
export function dialectNumbers(exchanges: readonly Dialect[]): number[] {
  const numbers = new Map<string, number>();
  return exchanges.map((exchange) => {
    const key = dialectKey(exchange);
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
}

const publicUrlCharsMax = 512;

/** Why notices cannot be addressed to this base, "" = they can. */
export function publicUrlProblem(publicUrl: string): string {
  if (publicUrl.length > publicUrlCharsMax) {
    return `public URL: ${publicUrl.length} characters, at most ${publicUrlCharsMax}`;
  }
  if (!/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~-]+)*$/.test(publicUrl)) {
    return `public URL: "${publicUrl}" is not http(s)://host[:port][/path] without a last slash`;
  }
  return "";
}

/**
 * Addresses of our own notices for one dialect. All carry the token; none carries anything else of
 * ours.
 */
export class NoticeUrls {
  private readonly publicUrl: string;
  private readonly dialect: Dialect;

  constructor(publicUrl: string, dialect: Dialect) {
    this.publicUrl = publicUrl;
    this.dialect = dialect;
  }

  wants(kind: NoticeKind): boolean {
    return this.dialect.notices.includes(kind) || this.dialect.billsBy === kind;
  }

  win(): Pieces {
    return [...this.base("win"), this.price()];
  }

  bill(): Pieces {
    return [...this.base("bill"), this.price()];
  }

  loss(): Pieces {
    const auction = `&r=\${AUCTION_LOSS}&m=\${AUCTION_MIN_TO_WIN}`;
    return [...this.base("loss"), `${auction}${this.price()}`];
  }

  /**
   * The pixel in markup. The clearing price goes in only where it bills and the exchange hides it
   * by an agreed encoding: a page must not show what was paid. Without it the signed bid price
   * counts.
   */
  impression(): Pieces {
    const priced =
      this.dialect.billsBy === NoticeKind.IMPRESSION &&
      (encrypts(this.dialect) || encoded(this.dialect.priceMacro));
    return priced ? [...this.base("impression"), this.price()] : this.base("impression");
  }

  /** Our click address, behind the exchange's own click macro where it has one. */
  click(): Pieces {
    const { clickMacro } = this.dialect;
    return clickMacro === "" ? this.base("click") : [clickMacro, ...this.clickEncoded()];
  }

  /** Our click address as a URL component, for ad servers that take it as a parameter. */
  clickEncoded(): Pieces {
    return this.base("click").map((p) => (typeof p === "string" ? encodeURIComponent(p) : p));
  }

  /** Without any exchange macro, for native links and VAST. */
  clickPlain(): Pieces {
    return this.base("click");
  }

  /** The longest address that we mint, once the exchange has put its values in. */
  bytesMax(): number {
    const macros = this.dialect.priceMacro.length + this.dialect.clickMacro.length + 64;
    return this.publicUrl.length * 3 + "/impression?t=".length * 3 + tokenChars + macros + 128;
  }

  private base(path: string): Pieces {
    return [`${this.publicUrl}/${path}?t=`, Slot.TOKEN];
  }

  /** `p` is a decimal; `pb` is base64 of one; `pe` is encrypted (token-price). */
  private price(): string {
    const { priceMacro } = this.dialect;
    if (priceMacro === "") return "";
    if (encrypts(this.dialect)) return `&pe=${priceMacro}`;
    return encoded(priceMacro) ? `&pb=${priceMacro}` : `&p=${priceMacro}`;
  }
}

const encrypts = ({ priceKeys = [] }: Pick<Dialect, "priceKeys">): boolean => priceKeys.length > 0;

/** "${AUCTION_PRICE:B64}": the suffix names an agreed encoding (OpenRTB 2.6 section 4.4). */
const encoded = (macro: string): boolean => /:[A-Za-z0-9]+\}$/.test(macro);
