import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DescFile } from "@bufbuild/protobuf";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The file that each generated module describes. */
export async function loadGenerated(): Promise<DescFile[]> {
  const paths = globSync("gen/**/*_pb.ts", { cwd: ROOT });
  const modules = await Promise.all(
    paths.map((path) => import(`${ROOT}/${path}`) as Promise<Record<string, DescFile>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(({ kind }) => kind === "file"));
}
