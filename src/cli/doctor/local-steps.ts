import { readFile, stat } from "node:fs/promises";
import { Reason, Step } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { createSessionKey } from "../../client/session-key.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { readSessionKey } from "../session-key-file.ts";
import { findTokenFile, readTokenFile } from "../token-file.ts";
import { failedBy, type Outcome, warned, well } from "./outcome.ts";
import { parseTarget } from "./target.ts";
import type { StepPlan, Visit } from "./visit.ts";

/** What others than the owner may do with a file. */
const OTHERS_MODE = 0o077;

/** The steps that need no network. */
export const localSteps: readonly StepPlan[] = [
  { step: Step.ENDPOINT, needs: [], lateReason: Reason.ENDPOINT_MALFORMED, run: readEndpoint },
  { step: Step.SESSION_KEY, needs: [], lateReason: Reason.FILE_UNREADABLE, run: checkSessionKey },
  { step: Step.TOKEN, needs: [], lateReason: Reason.FILE_UNREADABLE, run: checkToken },
];

function readEndpoint(visit: Visit): Outcome {
  try {
    const target = parseTarget(visit.input.endpoint);
    visit.target = target;
    return well(`${target.host}, port ${target.port}, ${target.isTls ? "with TLS" : "without TLS, on this machine"}`);
  } catch (error) {
    const isInsecure = error instanceof MoorlineError && error.code === "INSECURE_ENDPOINT";
    return failedBy(isInsecure ? Reason.ENDPOINT_INSECURE : Reason.ENDPOINT_MALFORMED, error);
  }
}

/** A file that is missing is not made: nothing is changed by looking. */
async function checkSessionKey(visit: Visit): Promise<Outcome> {
  const { sessionKeyFile: path } = visit.input;
  if (path === undefined) {
    visit.sessionKey = createSessionKey();
    return well("no file is named: each command has a key of its own");
  }
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      visit.sessionKey = createSessionKey();
      return well(`there is no file ${path} yet: the next command makes it`);
    }
    const error = new MoorlineError("STORAGE_FAILED", `The session key file ${path} cannot be read.`, { cause });
    return failedBy(Reason.FILE_UNREADABLE, error);
  }
  try {
    visit.sessionKey = readSessionKey(path, text);
  } catch (error) {
    return failedBy(Reason.FILE_MALFORMED, error);
  }
  return judgeMode(path);
}

async function checkToken(visit: Visit): Promise<Outcome> {
  const isLoopback = visit.target?.isLoopback ?? false;
  const path = findTokenFile(visit.input.tokenFile, { isLoopback });
  if (path === undefined) return well("there is no token file: only a daemon that asks for none lets this client in");
  try {
    visit.token = await readTokenFile(path);
  } catch (error) {
    return failedBy(Reason.FILE_UNREADABLE, error);
  }
  return judgeMode(path);
}

/** Windows says who may read a file in another way. */
async function judgeMode(path: string): Promise<Outcome> {
  const { mode } = await stat(path);
  if (process.platform === "win32" || (mode & OTHERS_MODE) === 0) return well(`${path} is for this user alone`);
  return warned(Reason.FILE_OPEN, `${path} has the mode ${(mode & 0o777).toString(8).padStart(4, "0")}`);
}
