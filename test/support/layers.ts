import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { CLIENT_DOOR, LAYERS, NODE_FILES, WS_FILES } from "./layer-table.ts";

/** A source file and what it imports. */
export interface SourceFile {
  /** Path from the project root with forward slashes, such as `src/core/bytes.ts`. */
  readonly file: string;
  /** Import specifiers as written: static, `import type`, re-exports and dynamic. {@link COMPUTED} for an expression. */
  readonly imports: readonly string[];
}

/** Stands in {@link SourceFile.imports} for a dynamic import whose specifier is not a literal. */
export const COMPUTED = "(computed)";

const TOKENS =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=[=(,:;!&|?{}[\n]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const STATIC = /^[ \t]*(?:import|export)\b(?:[^"'`();]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
const DYNAMIC = /\b(?:import|require)\s*\(\s*(?:(["'`])([^"'`$\n]+)\1)?/g;

/** The specifiers a TypeScript source text imports, in order of kind, comments ignored. */
export function parseImports(text: string): string[] {
  const code = text.replace(TOKENS, (token) => (/^\/[/*]/.test(token) ? " " : token));
  const fixed = [...code.matchAll(STATIC)].map((match) => match[1] ?? "");
  return [...fixed, ...[...code.matchAll(DYNAMIC)].map((match) => match[2] ?? COMPUTED)];
}

/** Every rule of the house that the files break, one line each that names the file; empty when all is well. */
export function findViolations(files: readonly SourceFile[]): string[] {
  const graph = resolveGraph(files);
  return [
    ...files.flatMap((source) => source.imports.flatMap((specifier) => checkImport(source.file, specifier, graph))),
    ...files
      .filter(({ file }) => !isKnownLayer(file))
      .map(({ file }) => `${file}: its folder has no row in the layer table`),
    ...findCycles(graph),
    ...checkClientDoor(files, graph),
  ];
}

/** The layer a file is in, by its path: the folder under `src`, or `gen`, or the file where it has a row of its own. */
export function layerOf(file: string): string {
  if (Object.hasOwn(LAYERS, file.replace(/^src\//, ""))) return file.replace(/^src\//, "");
  const [root = "", folder = ""] = file.split("/");
  return root === "src" && file.split("/").length > 2 ? folder : root;
}

/** The package name of a bare specifier: `@noble/hashes/sha2.js` is `@noble/hashes`. */
export function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

type Graph = ReadonlyMap<string, readonly string[]>;

function isKnownLayer(file: string): boolean {
  return Object.hasOwn(LAYERS, layerOf(file));
}

function resolveSpecifier(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

function resolveGraph(files: readonly SourceFile[]): Graph {
  const names = new Set(files.map(({ file }) => file));
  const targets = ({ file, imports }: SourceFile): string[] =>
    imports
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => resolveSpecifier(file, specifier))
      .filter((target) => names.has(target));
  return new Map(files.map((source) => [source.file, targets(source)]));
}

function checkImport(file: string, specifier: string, graph: Graph): string[] {
  const layer = layerOf(file);
  const row = LAYERS[layer];
  if (row === undefined) return [];
  const mayUseNode = row.node === true || NODE_FILES.test(file);
  if (specifier === COMPUTED) return mayUseNode ? [] : [`${file}: computed dynamic import or require`];
  if (specifier.startsWith(".")) return checkRelative(file, layer, specifier, graph);
  if (isBuiltin(specifier)) {
    if (!mayUseNode) return [`${file}: imports the Node built-in ${specifier}`];
    return specifier.startsWith("node:") ? [] : [`${file}: imports ${specifier} without node:`];
  }
  const name = packageOf(specifier);
  if (name === "ws" && !WS_FILES.test(file)) return [`${file}: imports ws; only src/transport/ws-*.ts may`];
  return row.packages.includes(name) ? [] : [`${file}: ${layer} may not import the package ${name}`];
}

function checkRelative(file: string, layer: string, specifier: string, graph: Graph): string[] {
  const target = resolveSpecifier(file, specifier);
  if (!graph.has(target)) return [`${file}: imports ${specifier}, which is no file of src or gen`];
  const below = layerOf(target);
  if (below === layer) return [];
  const allowed = reachableLayers(layer);
  if (allowed.has(below) || [...allowed].some((part) => target.startsWith(`src/${part}/`))) return [];
  return [`${file}: ${layer} may not import ${below} (${target})`];
}

function reachableLayers(layer: string): Set<string> {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    for (const next of LAYERS[name]?.imports ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      visit(next);
    }
  };
  visit(layer);
  return seen;
}

/** Import cycles between files, each once, type imports included. */
function findCycles(graph: Graph): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push(`${file}: import cycle ${[...path.slice(start), file].join(" -> ")}`);
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

function checkClientDoor(files: readonly SourceFile[], graph: Graph): string[] {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const next of graph.get(file) ?? []) visit(next);
  };
  if (graph.has(CLIENT_DOOR)) visit(CLIENT_DOOR);
  const isForbidden = (specifier: string): boolean => isBuiltin(specifier) || packageOf(specifier) === "ws";
  return files
    .filter(({ file }) => reached.has(file))
    .flatMap(({ file, imports }) =>
      imports.filter(isForbidden).map((specifier) => `${file}: the client door reaches it and it imports ${specifier}`),
    );
}
