import type { ComponentChildren } from "preact";

/** How the page writes money, counts, shares and instants. */

const currencyForms = new Map<string, Intl.NumberFormat>();
function currencyForm(currency: string): Intl.NumberFormat | null {
  const known = currencyForms.get(currency);
  if (known !== undefined) return known;
  try {
    const form = new Intl.NumberFormat(undefined, {
      ...{ style: "currency", currency },
      maximumFractionDigits: 4,
    });
    currencyForms.set(currency, form);
    return form;
  } catch {
    return null;
  }
}

/** Decimal text as money, without going through a binary number. */
export function moneyText(amount: string | null | undefined, currency: string): string {
  if (amount === null || amount === undefined || amount === "") return "–";
  const form = currencyForm(currency);
  if (form === null) return `${amount} ${currency}`.trim();
  return form.format(amount as Intl.StringNumericLiteral);
}
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
/** An instant in the zone of whom it concerns, which its tooltip and its text for readers name. */
export function Time(props: { readonly at: number | string; readonly zone?: string | undefined }) {
  const zone = props.zone ?? localZone;
  return (
    <time dateTime={new Date(props.at).toISOString()} title={zone}>
      {timeText(props.at, zone)}
      <span class="unseen"> {zone}</span>
    </time>
  );
}

export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
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
