import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { isRouteFragment, parseConsoleFragment } from "./address/fragment.ts";
import { keepScroll } from "./address/keep-scroll.ts";
import { TokenVault } from "./address/token-vault.ts";
import { App } from "./app.tsx";
import { applyTheme } from "./components/theme.ts";
import { createFleetModel, type FleetModel } from "./host/fleet-model.ts";

declare const __MOORLINE_VERSION__: string;

/** Reads what the page was opened with, and takes it out of the address at once: no history has a token in it. */
function takeFragment(): string {
  const fragment = location.hash;
  if (!isRouteFragment(fragment)) history.replaceState(null, "", "#/");
  return fragment;
}

/** Connects to the hosts that are remembered, and to the one that the page was opened for. @returns What went wrong. */
async function start(model: FleetModel, vault: TokenVault, fragment: string): Promise<unknown> {
  try {
    const { token, server } = parseConsoleFragment(fragment);
    if (token !== undefined) vault.expect(server ?? ownEndpoint(), token);
    // What is known is there first: it may be shown before anything has come from the network.
    const fault = await model.start();
    if (token !== undefined || server !== undefined) await model.addHost(server ?? ownEndpoint(), token);
    return fault;
  } catch (error) {
    return error;
  }
}

/** The daemon that has served the page. */
function ownEndpoint(): string {
  return new URL("/", location.href.replace(/^http/, "ws")).href;
}

function sessionStorageOrNone(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

const element = document.getElementById("root");
if (element === null) throw new Error("the page has no root");
const root = createRoot(element);
const fragment = takeFragment();
keepScroll();
applyTheme();
const vault = new TokenVault(sessionStorageOrNone());
const model = createFleetModel(vault, __MOORLINE_VERSION__);
const render = (problem?: unknown): void =>
  root.render(
    <StrictMode>
      <App model={model} problem={problem} />
    </StrictMode>,
  );
render();
void start(model, vault, fragment).then((problem) => {
  if (problem !== undefined) render(problem);
});
