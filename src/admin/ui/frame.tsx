import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { askSession, call, type Entities } from "./api.js";
import { useEvery, useFetched } from "./fetched.js";
import { Button } from "./kit/button.js";
import { Dialog } from "./kit/dialog.js";
import { Select } from "./kit/field.js";
import { Picker } from "./kit/picker.js";
import { Empty, Loading } from "./kit/say.js";
import { Toasts } from "./kit/toast.js";
import { matchPath } from "./match-path.js";
import { navigation, type Page, pages } from "./pages.js";
import { goOn, heldBack, type PageProps, place } from "./route.js";
import {
  advertiserShown,
  agencyShown,
  ended,
  may,
  session,
  type Theme,
  theme,
  trouble,
  unreachable,
  user,
} from "./session.js";
import { SignIn, SignInAgain } from "./sign-in.js";

const askEveryMs = 15_000;

/** The whole page: who is signed in decides whether there is a desk or a door. */
export function Frame() {
  useEvery(askEveryMs, () => void askSession());
  useEffect(() => void askSession(), []);
  const state = session.value?.state;
  if (state === undefined) return unreachable.value ? <NoAnswer /> : null;
  const locked = state !== "signed-in";
  if ((locked && ended.value === null) || place.value.path === "/join") return <SignIn />;
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Top />
      <Navigation />
      <main id="content" tabIndex={-1}>
        <Banners />
        <Shown />
      </main>
      <HeldBack />
      {locked ? <SignInAgain /> : null}
      <Toasts />
    </>
  );
}

function NoAnswer() {
  return (
    <main class="door">
      <Empty page title="The program does not answer">
        <p>Is it running? This page asks again by itself.</p>
        <Button onClick={() => void askSession()}>Ask now</Button>
      </Empty>
    </main>
  );
}

function Banners() {
  return (
    <div aria-live="polite">
      {unreachable.value ? (
        <p class="banner bad">
          The program does not answer: what is shown may be old. Asking again by itself.
        </p>
      ) : null}
      {trouble.value === "" ? null : (
        <p class="banner wait">
          <strong>Saving waits, bidding goes on.</strong> {trouble.value} Stops still work.
        </p>
      )}
      {session.value?.demo === true ? (
        <p class="banner">This is the demo: a fake exchange sends the requests, no money moves.</p>
      ) : null}
    </div>
  );
}

function Top() {
  const caller = user.value;
  return (
    <header class="top">
      <a class="brand" href="/line-items">
        <img src="/icon.svg" alt="" width="20" height="20" /> crowdbid
      </a>
      <div class="narrowing">
        {caller?.agency === "" ? <AgencyFilter /> : <span>{caller?.agencyName}</span>}
        <Picker
          label="Advertiser"
          kind="advertiser"
          value={advertiserShown.value}
          only={agencyShown.value === "" ? {} : { agency: agencyShown.value }}
          onPick={(key) => {
            advertiserShown.value = key;
          }}
        />
      </div>
      <Account />
    </header>
  );
}

function AgencyFilter() {
  const { value } = useFetched<Entities>("/agencies?limit=200");
  const options = (value?.items ?? []).map(({ key, form }) => ({
    value: key,
    label: String(form["name"] ?? key),
  }));
  return (
    <Select
      label="Agency"
      value={agencyShown.value}
      options={[{ value: "", label: "All agencies" }, ...options]}
      onChange={(key) => {
        agencyShown.value = key;
        advertiserShown.value = "";
      }}
    />
  );
}

const themes: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

function Account() {
  return (
    <details class="account">
      <summary>{user.value?.name ?? ""}</summary>
      <div class="menu">
        <p class="muted">
          {user.value?.login}, {user.value?.role}
          {user.value?.agency === "" ? " of the house" : ` of ${user.value?.agencyName}`}
        </p>
        <Select
          label="Colours"
          required
          value={theme.value}
          options={themes}
          onChange={(chosen) => {
            theme.value = chosen;
          }}
        />
        <a href="/account">Password and API tokens</a>
        <a href="/docs" target="_blank" rel="noreferrer">
          API documentation
        </a>
        <Button onClick={() => void call("DELETE", "/session").then(askSession)}>Sign out</Button>
      </div>
    </details>
  );
}

function Navigation() {
  const { path } = place.value;
  return (
    <nav aria-label="Pages" class="pages">
      <ul>
        {navigation
          .filter(({ role = "viewer", house }) => may(role, house === true ? "house" : "agency"))
          .map(({ href, label }) => {
            const here = path === href || path.startsWith(`${href}/`);
            return (
              <li key={href}>
                <a href={href} aria-current={here ? "page" : undefined}>
                  {label}
                </a>
              </li>
            );
          })}
      </ul>
    </nav>
  );
}

type Loaded = ComponentType<PageProps> | "failed";
const loaded = signal<ReadonlyMap<Page, Loaded>>(new Map());
function load(page: Page): void {
  const keep = (what: Loaded): void => {
    loaded.value = new Map([...loaded.value, [page, what]]);
  };
  page.load().then(
    (module) => keep(module.default),
    () => keep("failed"),
  );
}

function Shown() {
  const { path } = place.value;
  const page = pages.find(({ pattern }) => matchPath(pattern, path) !== null);
  const before = useRef(path);
  useEffect(() => {
    if (page !== undefined && !loaded.peek().has(page)) load(page);
    document.title = `${page?.title ?? "Not found"} · crowdbid`;
    // A new page is a new beginning for the keyboard and the screen reader.
    if (before.current !== path) document.getElementById("content")?.focus();
    before.current = path;
  }, [page, path]);
  if (page === undefined) {
    return <Empty page title="There is nothing at this address" />;
  }
  const Body = loaded.value.get(page);
  if (Body === undefined) return <Loading what={page.title} />;
  if (Body === "failed") {
    return (
      <Empty page title="This page could not be loaded">
        <Button onClick={() => location.reload()}>Load everything again</Button>
      </Empty>
    );
  }
  return <Body key={path} part={matchPath(page.pattern, path) ?? {}} />;
}

function HeldBack() {
  if (heldBack.value === null) return null;
  const stay = (): void => {
    heldBack.value = null;
  };
  return (
    <Dialog
      title="Leave without saving?"
      onClose={stay}
      foot={
        <>
          <Button look="risky" onClick={goOn}>
            Leave, drop the changes
          </Button>
          <Button look="main" onClick={stay}>
            Stay here
          </Button>
        </>
      }
    >
      <p>This form has changes that are not saved.</p>
    </Dialog>
  );
}
