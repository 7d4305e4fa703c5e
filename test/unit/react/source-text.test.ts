import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../src/react/", import.meta.url));
const files = globSync("**/*.{ts,tsx}", { cwd: root }).map(
  (file) => [file, readFileSync(root + file, "utf8")] as const,
);

/** What the door may take from React: nothing that runs because something is shown, but for useSyncExternalStore. */
const ALLOWED = new Set([
  "createContext",
  "createElement",
  "useCallback",
  "useContext",
  "useMemo",
  "useState",
  "useSyncExternalStore",
  "ReactElement",
  "ReactNode",
]);

/** Whatever changes a host, a fleet or a mirror, waits, or fetches. */
const FORBIDDEN =
  /\b(start|stop|retry|refresh|connect|ensure\w+|useCandidate|setProfile|setFilter|setOrder|credentialChanged|add|forget|dispose|dispatch|loadEarlier|createAgent|service|setTimer|setTimeout|setInterval|queueMicrotask|fetch|use\w*Effect\w*)\s*\(/g;

/** The text without comments. */
function readCode(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
}

function importsOfReact(text: string): string[] {
  const lists = [...readCode(text).matchAll(/import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"react"/g)];
  return lists.flatMap(([, names = ""]) => names.split(",").map((name) => name.replace(/^\s*type\s/, "").trim()));
}

function findForbidden(text: string): string[] {
  return [...readCode(text).matchAll(FORBIDDEN)].map(([, name = ""]) => name);
}

describe("the source of the React door", () => {
  it("has files", () => {
    expect(files.length).toBeGreaterThan(5);
  });

  it.each(files)("%s takes nothing from React that runs because something is shown [REACT-12, INV-11]", (_, text) => {
    expect(importsOfReact(text).filter((name) => !ALLOWED.has(name))).toEqual([]);
    expect(readCode(text)).not.toMatch(/from "react\/|import\s+(\w+|\*)[^"]*"react"|import\("react/);
  });

  it.each(files)("%s changes no host, fleet or mirror [REACT-12, INV-11]", (file, text) => {
    // The one thing that a hook gives back as a function, for whoever calls it.
    const given = file === "use-timeline.ts" ? ["loadEarlier"] : [];
    expect(findForbidden(text)).toEqual(given);
  });
});

describe("findForbidden", () => {
  it.each([
    ["useEffect(() => host.start());", ["useEffect", "start"]],
    ["const stop = () => host.stop();", ["stop"]],
    ["host . retry ();", ["retry"]],
    ["useLayoutEffect(f)", ["useLayoutEffect"]],
    ["// host.start()\n/* host.stop() */ source.subscribe(f)", []],
  ])("finds in %s what is not allowed", (text, expected) => {
    expect(findForbidden(text)).toEqual(expected);
  });
});
