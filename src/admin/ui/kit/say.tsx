import type { ComponentChildren } from "preact";

/** How the page writes money, counts, shares and instants. */

type CurrencyForms = { readonly sum: Intl.NumberFormat; readonly price: Intl.NumberFormat };
const priceDecimalsMax = 4;
const currencyForms = new Map<string, CurrencyForms>();
function currencyFormsOf(currency: string): CurrencyForms | null {
  const known = currencyForms.get(currency);
  if (known !== undefined) return known;
  try {
    const style = { style: "currency", currency } as const;
    const forms = {
      sum: new Intl.NumberFormat(undefined, style),
      price: new Intl.NumberFormat(undefined, {
        ...style,
        maximumFractionDigits: priceDecimalsMax,
      }),
    };
    currencyForms.set(currency, forms);
    return forms;
  } catch {
    return null;
  }
}

function amountText(
  amount: string | null | undefined,
  currency: string,
  form: keyof CurrencyForms,
): string {
  if (amount === null || amount === undefined || amount === "") return "–";
  const forms = currencyFormsOf(currency);
  if (forms === null) return `${amount} ${currency}`.trim();
  return forms[form].format(amount as Intl.StringNumericLiteral);
}

/**
 * Decimal text as money with its currency's own decimals, without going through a binary number.
 */
export const moneyText = (amount: string | null | undefined, currency: string): string =>
  amountText(amount, currency, "sum");
/** A price that was set or bid: to four decimals, for no digit of it was worked out. */
export const priceText = (amount: string | null | undefined, currency: string): string =>
  amountText(amount, currency, "price");
export function Money(props: {
  readonly amount: string | null | undefined;
  readonly currency: string;
}) {
  return <span class="digits">{moneyText(props.amount, props.currency)}</span>;
}

const countForm = new Intl.NumberFormat();
export const countText = (count: number | null | undefined): string =>
  count === null || count === undefined ? "–" : countForm.format(count);
const shareForm = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
export const percentText = (percent: number | null | undefined): string =>
  percent === null || percent === undefined ? "–" : `${shareForm.format(percent)} %`;

export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const timeForms = new Map<string, Intl.DateTimeFormat>();
export function timeText(at: number | string, zone: string = localZone): string {
  let form = timeForms.get(zone);
  if (form === undefined) {
    const style = { dateStyle: "medium", timeStyle: "short" } as const;
    try {
      form = new Intl.DateTimeFormat(undefined, { ...style, timeZone: zone });
    } catch {
      form = new Intl.DateTimeFormat(undefined, style);
    }
    timeForms.set(zone, form);
  }
  return form.format(new Date(at));
}
/** "EST": beside a time that is not the reader's own, so that two on a page are not confused. */
function zoneWord(at: number | string, zone: string): string {
  if (zone === localZone) return "";
  try {
    const form = new Intl.DateTimeFormat(undefined, { timeZone: zone, timeZoneName: "short" });
    const part = form.formatToParts(new Date(at)).find(({ type }) => type === "timeZoneName");
    return part === undefined ? "" : ` ${part.value}`;
  } catch {
    return "";
  }
}

/** An instant in the zone of whom it concerns, which its tooltip and its text for readers name. */
export function Time(props: { readonly at: number | string; readonly zone?: string | undefined }) {
  const zone = props.zone ?? localZone;
  return (
    <time dateTime={new Date(props.at).toISOString()} title={zone}>
      {timeText(props.at, zone)}
      {zoneWord(props.at, zone)}
      <span class="unseen"> {zone}</span>
    </time>
  );
}

export function Empty(props: {
  readonly title: string;
  /** It stands for the whole page: its title is the page's heading. */
  readonly page?: boolean;
  readonly children?: ComponentChildren;
}) {
  const Title = props.page === true ? "h1" : "p";
  return (
    <div class="empty">
      <Title class="empty-title">{props.title}</Title>
      {props.children}
    </div>
  );
}

const skeletonRows = [0, 1, 2, 3, 4, 5];
export function Loading(props: { readonly what: string }) {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading {props.what}</span>
      {skeletonRows.map((row) => (
        <span key={row} class="skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}
