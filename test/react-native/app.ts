import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);

/** An app that has the package installed as its users have it. */
export interface App {
  /** Its folder. */
  readonly root: string;
  /** Writes what opens a door, and all that is behind it. @returns The path of the file. */
  writeEntry(door: string): string;
  /** Copies the example's files. @returns The path of its first one. */
  copyExample(): string;
}

/** What React Native brings into an app: the helpers that transforms of the preset call, and the bundle's own beginning. */
const FROM_REACT_NATIVE = ["@babel/runtime", "metro-runtime"] as const;

const EXAMPLE = fileURLToPath(new URL("../../examples/react-native", import.meta.url));

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Makes the app in a temporary folder, which the caller removes.
 * @param packed The folder of the built package.
 * @param installed The `node_modules` that its dependencies are taken from.
 */
export function createApp(packed: string, installed: string): App {
  const root = mkdtempSync(join(tmpdir(), "moorline-app-"));
  const manifest = JSON.parse(readFileSync(join(packed, "package.json"), "utf8")) as Manifest;
  const modules = join(root, "node_modules");
  cpSync(packed, join(modules, manifest.name), { recursive: true });
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    if (existsSync(join(installed, name))) cpSync(join(installed, name), join(modules, name), { recursive: true });
  }
  for (const name of FROM_REACT_NATIVE) {
    cpSync(join(require.resolve(`${name}/package.json`), ".."), join(modules, name), { recursive: true });
  }
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "app", private: true }));
  const preset = JSON.stringify(require.resolve("@react-native/babel-preset"));
  writeFileSync(join(root, "babel.config.js"), `module.exports = { presets: [${preset}] };\n`);
  mkdirSync(join(root, "doors"));
  return {
    root,
    writeEntry(door) {
      const file = join(root, "doors", `${doorToFile(door)}.js`);
      const specifier = door === "." ? manifest.name : `${manifest.name}/${door.slice("./".length)}`;
      writeFileSync(file, `import * as door from ${JSON.stringify(specifier)};\nglobalThis.door = door;\n`);
      return file;
    },
    copyExample() {
      const folder = join(root, "example");
      cpSync(EXAMPLE, folder, { recursive: true });
      return join(folder, "index.tsx");
    },
  };
}

/** A name for the files of a door. */
export function doorToFile(door: string): string {
  return door === "." ? "client" : door.slice("./".length);
}
