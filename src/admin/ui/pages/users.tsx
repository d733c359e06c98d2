import { useState } from "preact/hooks";
import type { Role } from "../../store/desk-store.js";
import { nameOf, type Problem } from "../answers.js";
import { call, type Entities, post } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { Dialog } from "../kit/dialog.js";
import { ProblemNote } from "../kit/error-summary.js";
import { errorsAsFindings, Findings, Select, TextField } from "../kit/field.js";
import { Empty, Loading, Time } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import { agencyShown, roles, user } from "../session.js";
import type { UserEntry, UsersAnswer } from "./desk-answers.js";
import { Invitations } from "./invitations.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

const roleWords: Readonly<Record<Role, string>> = {
  viewer: "viewer: sees",
  trader: "trader: edits and stops",
  approver: "approver: also approves creatives",
  admin: "admin: also users and the audit log",
};
const roleOptions = roles.map((value) => ({ value, label: roleWords[value] }));

/** Who may do what, and invitations for those who do not have an account yet. */
export default function UsersPage() {
  const { value, problem, reload } = useFetched<UsersAnswer>("/users");
  const [inviting, setInviting] = useState(false);
  const [invited, setInvited] = useState(0);
  const inHouse = user.value?.agency === "";
  const agencies = useFetched<Entities>(inHouse ? "/agencies?limit=200" : null);
  const names = new Map(agencies.value?.items.map((one) => [one.key, nameOf(one)]));
  const agencyOf = ({ agency }: { readonly agency: string }): string =>
    agency === ""
      ? "the house"
      : (names.get(agency) ?? (inHouse ? agency : (user.value?.agencyName ?? agency)));
  if (value === null) {
    return problem === null ? <Loading what="users" /> : <ProblemNote problem={problem} />;
  }
  return (
    <>
      <h1>Users</h1>
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      <p class="row">
        <Button look="main" onClick={() => setInviting(true)}>
          Invite someone
        </Button>
        <a href="/audit">Audit log</a>
      </p>
      {value.items.length === 0 ? (
        <Empty title="Nobody but you" />
      ) : (
        <TextTable
          label="Users"
          columns={["Name", "Login", "Agency", "Role", "Last seen", "Account"]}
          rows={value.items.map((one) => rowOf(one, agencyOf(one), reload))}
        />
      )}
      <Invitations agencyOf={agencyOf} round={invited} />
      {inviting ? (
        <Invite
          onClose={() => {
            setInviting(false);
            setInvited((n) => n + 1);
          }}
        />
      ) : null}
    </>
  );
}

async function change(one: UserEntry, to: Partial<UserEntry>, words: string, then: () => void) {
  const answer = await call("PATCH", `/users/${one.id}`, { body: to });
  const back: Partial<UserEntry> = { role: one.role, disabled: one.disabled };
  const keep = Object.fromEntries(Object.entries(back).filter(([name]) => name in to));
  toast(
    answer.ok
      ? { words, undo: () => void change({ ...one, ...to }, keep, "As it was", then) }
      : { words: answer.problem.detail, bad: true },
  );
  then();
}

function rowOf(one: UserEntry, agency: string, then: () => void) {
  const isSelf = one.id === user.value?.id;
  return [
    one.name,
    one.login,
    agency,
    isSelf ? (
      one.role
    ) : (
      <select
        key="role"
        aria-label={`Role of ${one.name}`}
        value={one.role}
        onChange={(event) => {
          const role = event.currentTarget.value as Role;
          void change(one, { role }, `${one.name} is ${role} now`, then);
        }}
      >
        {roles.map((role) => (
          <option key={role}>{role}</option>
        ))}
      </select>
    ),
    one.lastSeenAt === null ? "never" : <Time key="seen" at={one.lastSeenAt} />,
    isSelf ? (
      "you"
    ) : (
      <Button
        key="account"
        small
        look={one.disabled ? "usual" : "risky"}
        label={`${one.disabled ? "Enable" : "Disable"} ${one.name}`}
        onClick={() => {
          const words = `${one.name} ${one.disabled ? "may sign in again" : "is signed out"}`;
          void change(one, { disabled: !one.disabled }, words, then);
        }}
      >
        {one.disabled ? "Enable" : "Disable"}
      </Button>
    ),
  ];
}

function Invite({ onClose }: { readonly onClose: () => void }) {
  const inHouse = user.value?.agency === "";
  const agencies = useFetched<Entities>(inHouse ? "/agencies?limit=200" : null);
  const [name, setName] = useState("");
  const [agency, setAgency] = useState(inHouse ? agencyShown.value : (user.value?.agency ?? ""));
  const [role, setRole] = useState<Role>("trader");
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const invite = async (): Promise<void> => {
    setBusy(true);
    const answer = await post<{ code: string }>("/users", { name: name.trim(), agency, role });
    setBusy(false);
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) setCode(answer.value.code);
  };
  if (code !== "") return <Code {...{ code, name, onClose }} />;
  const options = (agencies.value?.items ?? []).map(({ key, form }) => ({
    value: key,
    label: String(form["name"] ?? key),
  }));
  return (
    <Dialog
      title="Invite someone"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" busy={busy} onClick={() => void invite()}>
            Make an invitation
          </Button>
        </>
      }
    >
      {problem === null ? null : <ProblemNote problem={problem} />}
      <Findings.Provider value={errorsAsFindings(problem?.errors)}>
        <TextField label="Name" path="name" required value={name} onInput={setName} />
        {inHouse ? (
          <Select
            label="Agency"
            path="agency"
            required
            value={agency}
            options={[{ value: "", label: "The house: sees every agency" }, ...options]}
            onChange={setAgency}
          />
        ) : null}
        <Select
          label="Role"
          path="role"
          required
          value={role}
          options={roleOptions}
          onChange={(value) => setRole(value as Role)}
        />
      </Findings.Provider>
    </Dialog>
  );
}

function Code(props: {
  readonly code: string;
  readonly name: string;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      title={`The invitation of ${props.name}`}
      onClose={props.onClose}
      foot={
        <Button look="main" onClick={props.onClose}>
          Done
        </Button>
      }
    >
      <p>This code is shown once, and is good for one account and seven days:</p>
      <p class="one-time">
        <code>{props.code}</code>
      </p>
      <p>
        Whoever has it sets a login and a password at{" "}
        <code>{`${location.origin}/join#${encodeURIComponent(props.code)}`}</code>
      </p>
    </Dialog>
  );
}
