/** A page of the console. */
export type Route =
  | { readonly page: "hosts" }
  | { readonly page: HostPage; readonly serverId: string }
  | { readonly page: "agent"; readonly serverId: string; readonly agentId: string }
  | { readonly page: "missing" };

/** A page about one host. */
export type HostPage = "host" | "agents" | "run" | "log";

const HOST_PAGES: ReadonlySet<string> = new Set(["agents", "run", "log"] satisfies HostPage[]);
/** Server ids and the ids of agents are base64url. */
const ID = /^[\w-]{1,64}$/;

/** The page that a fragment such as `#/hosts/ID/agents` names. Never throws: what names none is `missing`. */
export function parseRoute(fragment: string): Route {
  const [first = "", serverId, page, agentId, ...more] = fragment.replace(/^#?\/?/, "").split("/");
  if (first === "") return { page: "hosts" };
  if (first !== "hosts" || more.length > 0) return { page: "missing" };
  if (serverId === undefined) return { page: "hosts" };
  if (!ID.test(serverId)) return { page: "missing" };
  if (page === undefined) return { page: "host", serverId };
  if (agentId !== undefined)
    return page === "agents" && ID.test(agentId) ? { page: "agent", serverId, agentId } : { page: "missing" };
  return isHostPage(page) ? { page, serverId } : { page: "missing" };
}

/** The fragment that names a page; {@link parseRoute} reads it. */
export function toFragment(route: Route): string {
  switch (route.page) {
    case "agent":
      return `#/hosts/${route.serverId}/agents/${route.agentId}`;
    case "host":
      return `#/hosts/${route.serverId}`;
    case "agents":
    case "run":
    case "log":
      return `#/hosts/${route.serverId}/${route.page}`;
    default:
      return "#/";
  }
}

function isHostPage(page: string): page is HostPage {
  return HOST_PAGES.has(page);
}
