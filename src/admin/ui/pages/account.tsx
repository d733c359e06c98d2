import { useState } from "preact/hooks";
import type { Role } from "../../store/desk-store.js";
import type { Problem } from "../answers.js";
import { call, post } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { errorsAsFindings, Findings, Select, TextField } from "../kit/field.js";
import { NewPasswordField, PasswordField } from "../kit/password-field.js";
import { Empty, Loading, Time } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import { may, roles, user } from "../session.js";
import type { TokenEntry, TokensAnswer } from "./desk-answers.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

/** One's own password and API tokens. */
export default function AccountPage() {
  return (
    <>
      <h1>Account</h1>
      <p>
        {user.value?.name}, login {user.value?.login}, {user.value?.role}{" "}
        {user.value?.agency === "" ? "of the house" : `of ${user.value?.agencyName}`}
      </p>
      <Password />
      <Tokens />
    </>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const change = async (): Promise<void> => {
    setBusy(true);
    const answer = await post<unknown>("/password", { current, next });
    setBusy(false);
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    setCurrent("");
    setNext("");
    toast({ words: "The password is changed; other browsers are signed out" });
  };
  return (
    <form
      class="narrow"
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      <h2>Password</h2>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <Findings.Provider value={errorsAsFindings(problem?.errors)}>
        <PasswordField
          {...{ label: "Password now", path: "current", value: current, onInput: setCurrent }}
        />
        <NewPasswordField
          {...{ label: "New password", path: "next", value: next, onInput: setNext }}
        />
      </Findings.Provider>
      <Button submit busy={busy}>
        Change it
      </Button>
    </form>
  );
}

const dayOptions = ["1", "7", "30", "90"].map((value) => ({
  value,
  label: value === "1" ? "1 day" : `${value} days`,
}));

function Tokens() {
  const { value, problem, reload } = useFetched<TokensAnswer>("/tokens");
  return (
    <>
      <h2>API tokens</h2>
      <p>
        A program that has one calls the API in your name: <code>authorization: Bearer TOKEN</code>.
        See <a href="/docs">the API's documentation</a>.
      </p>
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      {value === null ? (
        problem === null && <Loading what="tokens" />
      ) : value.items.length === 0 ? (
        <Empty title="No token yet" />
      ) : (
        <TextTable
          label="API tokens"
          columns={["Name", "Role", "Made", "Ends", "Last used", "End it"]}
          rows={value.items.map((token) => rowOf(token, reload))}
        />
      )}
      <NewToken then={reload} />
    </>
  );
}

function rowOf(token: TokenEntry, then: () => void) {
  const end = async (): Promise<void> => {
    const answer = await call("DELETE", `/tokens/${encodeURIComponent(token.id)}`);
    toast(
      answer.ok
        ? { words: `The token ${token.name} has ended` }
        : { words: answer.problem.detail, bad: true },
    );
    then();
  };
  return [
    token.name,
    token.role,
    <Time key="made" at={token.createdAt} />,
    <Time key="ends" at={token.expiresAt} />,
    token.lastUsedAt === null ? "never" : <Time key="used" at={token.lastUsedAt} />,
    <Button key="end" small look="risky" label={`End ${token.name}`} onClick={() => void end()}>
      End
    </Button>,
  ];
}

function NewToken({ then }: { readonly then: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("30");
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const make = async (): Promise<void> => {
    const body = { name: name.trim(), role, days: Number(days) };
    const answer = await post<{ token: string }>("/tokens", body);
    setProblem(answer.ok ? null : answer.problem);
    setToken(answer.ok ? answer.value.token : "");
    if (answer.ok) setName("");
    then();
  };
  return (
    <form
      class="narrow"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <h3>New token</h3>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <Findings.Provider value={errorsAsFindings(problem?.errors)}>
        <TextField label="What it is for" path="name" required value={name} onInput={setName} />
        <Select
          label="Role, at most your own"
          path="role"
          required
          value={role}
          options={roles.filter((one) => may(one)).map((value) => ({ value, label: value }))}
          onChange={(value) => setRole(value as Role)}
        />
        <Select
          label="Ends after"
          path="days"
          required
          value={days}
          options={dayOptions}
          onChange={setDays}
        />
      </Findings.Provider>
      <Button submit>Make a token</Button>
      <div role="status">
        {token === "" ? null : (
          <p class="one-time">
            Shown once, keep it now: <code>{token}</code>
          </p>
        )}
      </div>
    </form>
  );
}
