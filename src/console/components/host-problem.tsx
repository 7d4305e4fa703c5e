import { type FormEvent, useState } from "react";
import type { Problem } from "../model/console-model.ts";
import { useModel } from "../model/use-source.ts";
import { ProblemNote } from "./status.tsx";

/** What another token mends: `MoorlineError` codes, and reasons of a host. */
const BY_TOKEN: ReadonlySet<string> = new Set(["UNAUTHENTICATED", "REVOKED", "CREDENTIAL_REFRESH_FAILED"]);

/** Why a host is not online; where it wants another token, with a form for it: another tab has none. */
export function HostProblem({ serverId, problem }: { readonly serverId: string; readonly problem: Problem }) {
  return (
    <ProblemNote problem={problem}>{BY_TOKEN.has(problem.code) ? <TokenForm serverId={serverId} /> : null}</ProblemNote>
  );
}

function TokenForm({ serverId }: { readonly serverId: string }) {
  const { giveToken } = useModel();
  const [token, setToken] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    giveToken(serverId, token.trim());
    setToken("");
  };
  return (
    <form className="prompt" onSubmit={submit}>
      <input
        type="password"
        value={token}
        onChange={({ target }) => setToken(target.value)}
        aria-label="Token of this host"
        placeholder="its token"
        autoComplete="off"
        required
      />
      <button type="submit">Use it</button>
    </form>
  );
}
