import type { AgentDirectory } from "../../../src/runtime/mirror/agent-directory.ts";
import type { Judge } from "../session/judge.ts";

/** nothing older ever replaces newer: the title of an agent begins with a number that rises with each change of any. */
export class MirrorJudge {
  private readonly judge: Judge;
  private readonly name: string;
  private readonly directory: AgentDirectory;
  private before: ReadonlyMap<string, string> = new Map();

  constructor(judge: Judge, name: string, directory: AgentDirectory) {
    this.judge = judge;
    this.name = name;
    this.directory = directory;
  }

  /** Looks at what is shown. */
  look(): void {
    const { judge, name, before } = this;
    const shown = this.directory.agents.getSnapshot();
    const titles = new Map(shown.map(({ id, title }) => [id, title]));
    this.before = titles;
    judge.claim(titles.size === shown.length, () => `the mirror of ${name} shows an agent twice`);
    for (const [id, title] of titles) {
      const earlier = before.get(id);
      const isNewer = earlier === undefined || numberOf(title) >= numberOf(earlier);
      judge.claim(isNewer, () => `nothing older: the mirror of ${name} shows ${id} as ${title} after ${earlier}`);
    }
  }
}

function numberOf(title: string): number {
  return Number.parseInt(title, 10);
}
