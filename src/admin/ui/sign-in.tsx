import { useState } from "preact/hooks";
import type { Problem } from "./answers.js";
import { askSession, post } from "./api.js";
import { Button } from "./kit/button.js";
import { Dialog } from "./kit/dialog.js";
import { ErrorSummary, ProblemNote } from "./kit/error-summary.js";
import { errorsAsFindings, Findings, TextField } from "./kit/field.js";
import { LoginField, NewPasswordField, PasswordField } from "./kit/password-field.js";
import { go, place } from "./route.js";
import { ended, session } from "./session.js";

/** The door: sign in, or set up an account with a code (the first one, or an invitation). */
export function SignIn() {
  const first = session.value?.state === "first-run";
  const joining = first || place.value.path === "/join";
  return (
    <main class="door" id="content">
      <h1>
        <img src="/icon.svg" alt="" width="28" height="28" /> crowdbid
      </h1>
      {joining ? <Join first={first} /> : <Credentials />}
    </main>
  );
}

/** The session ended while somebody worked: what is on the screen stays for when they are back. */
export function SignInAgain() {
  const leave = (): void => {
    ended.value = null;
  };
  return (
    <Dialog title="Your session has ended" onClose={leave}>
      <p>Nothing on this page is lost: sign in again and go on. Closing this drops it.</p>
      <Credentials />
    </Dialog>
  );
}

function useDoor(path: string, then: () => void) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  const [busy, setBusy] = useState(false);
  const submit = async (body: unknown): Promise<void> => {
    setBusy(true);
    const answer = await post(path, body);
    setBusy(false);
    setProblem(answer.ok ? null : answer.problem);
    setRound((n) => n + 1);
    if (!answer.ok) return;
    await askSession();
    then();
  };
  return { problem, round, busy, submit };
}

function Trouble(props: { readonly problem: Problem | null; readonly round: number }) {
  if (props.problem === null) return null;
  const findings = errorsAsFindings(props.problem.errors);
  return findings.length === 0 ? (
    <ProblemNote problem={props.problem} />
  ) : (
    <ErrorSummary title="Not done yet" findings={findings} round={props.round} />
  );
}

function Credentials() {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const door = useDoor("/session", () => undefined);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void door.submit({ login, password });
      }}
    >
      <h2>Sign in</h2>
      <Trouble {...door} />
      <Findings.Provider value={errorsAsFindings(door.problem?.errors)}>
        <LoginField value={login} onInput={setLogin} />
        <PasswordField
          {...{ label: "Password", path: "password", value: password, onInput: setPassword }}
        />
      </Findings.Provider>
      <Button submit look="main" busy={door.busy}>
        Sign in
      </Button>
      <p class="hint">
        No account? An admin invites you: open <a href="/join">the invitation page</a> with the
        code.
      </p>
    </form>
  );
}

function Join({ first }: { readonly first: boolean }) {
  const [code, setCode] = useState(place.value.hash);
  const [login, setLogin] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const door = useDoor("/join", () => go("/line-items", "replace"));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void door.submit({ code: code.trim(), login: login.trim(), name: name.trim(), password });
      }}
    >
      <h2>{first ? "Set up the first account" : "Join with an invitation"}</h2>
      <p>
        {first
          ? "Nobody has an account yet. The program printed a one-time code when it started."
          : "Whoever invited you has a one-time code for you."}
      </p>
      <Trouble {...door} />
      <Findings.Provider value={errorsAsFindings(door.problem?.errors)}>
        <TextField
          {...{ label: "One-time code", path: "code", value: code, onInput: setCode }}
          required
          autoComplete="one-time-code"
        />
        <TextField
          {...{ label: "Your name", path: "name", value: name, onInput: setName, required: true }}
          hint="As the change history shows it."
          autoComplete="name"
        />
        <LoginField value={login} onInput={setLogin} />
        <NewPasswordField
          {...{ label: "Password", path: "password", value: password, onInput: setPassword }}
        />
      </Findings.Provider>
      <Button submit look="main" busy={door.busy}>
        {first ? "Create the account" : "Join"}
      </Button>
      {first ? null : (
        <p class="hint">
          Already joined? <a href="/">Sign in</a>
        </p>
      )}
    </form>
  );
}
