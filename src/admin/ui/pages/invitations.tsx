import { useEffect } from "preact/hooks";
import { call } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Time } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import type { InvitationEntry, InvitationsAnswer } from "./desk-answers.js";
import { TextTable } from "./text-table.js";

/** Whose code was not used yet, and how to take it back. `round`: asks again where it changes. */
export function Invitations(props: {
  readonly agencyOf: (one: InvitationEntry) => string;
  readonly round: number;
}) {
  const { value, problem, reload } = useFetched<InvitationsAnswer>("/invitations");
  useEffect(reload, [props.round]);
  if (problem !== null) return <ProblemNote problem={problem} onRetry={reload} />;
  if (value === null || value.items.length === 0) return null;
  const revoke = async (one: InvitationEntry): Promise<void> => {
    const answer = await call("DELETE", `/invitations/${one.id}`);
    const words = `The code of ${one.name} opens nothing more`;
    toast(answer.ok ? { words } : { words: answer.problem.detail, bad: true });
    reload();
  };
  return (
    <>
      <h2>Invited, not here yet</h2>
      <TextTable
        label="Invitations"
        columns={["Name", "Agency", "Role", "Good until", "Take it back"]}
        rows={value.items.map((one) => [
          one.name,
          props.agencyOf(one),
          one.role,
          <Time key="until" at={one.expiresAt} />,
          <Button
            key="revoke"
            small
            look="risky"
            label={`Take back the invitation of ${one.name}`}
            onClick={() => void revoke(one)}
          >
            Take back
          </Button>,
        ])}
      />
    </>
  );
}
