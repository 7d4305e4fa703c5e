import type { HostRuntime } from "moorline/runtime";
import type { ReactElement } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { Follower } from "../directory/follower.ts";
import { moorlineDirectory } from "../directory/moorline.ts";
import { type Acts, type Figures, figureOf, NOTHING, type Scene } from "../scene.ts";
import { createContainer } from "./browser.ts";
import { openHost, whenLoaded } from "./host.ts";
import { createViews, type Views } from "./views.ts";

/**
 * The daemon's directory and a page that shows it: the runtime of a host and React, in production, which renders and commits
 * by itself. A change is over where its row is committed, or, where nothing is shown, where the mirror tells of it.
 * @param showAll How all agents are shown.
 */
export function pageScene(showAll: (views: Views) => ReactElement): Scene {
  return {
    serve: moorlineDirectory.serve,
    async dial(port): Promise<Acts> {
      const page = new Page(await openHost(port));
      return {
        load: page.load,
        showNothing: ({ rows = 0 }) => page.hear(rows),
        showRows: ({ rows = 0 }) => page.showRows(rows),
        showFirst: ({ rows = 0 }) => page.show((views) => views.first(rows)),
        showRange: ({ rows = 0 }) => page.show((views) => views.range(rows)),
        showLast: ({ rows = 0 }) => page.show((views) => views.last(rows)),
        showAll: () => page.show(showAll),
        follow: page.follow,
      };
    },
  };
}

class Page {
  private readonly host: HostRuntime;
  private readonly views: Views;
  private readonly follower = new Follower();
  private readonly root = createRoot(createContainer());
  private renders = 0;
  private unsubscribes: ReadonlyArray<() => void> = [];

  constructor(host: HostRuntime) {
    this.host = host;
    this.views = createViews(host, {
      rendered: () => {
        this.renders += 1;
      },
      shown: (title) => this.follower.came(title),
    });
  }

  /** Comes back when the mirror has all agents. */
  readonly load = async (parameters: Figures): Promise<Figures> => {
    await whenLoaded(this.host, figureOf(parameters, "agents"));
    return NOTHING;
  };

  /** Shows a view in the place of the one before. */
  show(choose: (views: Views) => ReactElement): Figures {
    this.clear();
    flushSync(() => this.root.render(choose(this.views)));
    return NOTHING;
  }

  /** Shows rows of the last agents. */
  showRows(count: number): Figures {
    const ids = this.lastIds(count);
    return this.show((views) => views.rows(ids));
  }

  /** Shows nothing, and listens to the last agents. */
  hear(count: number): Figures {
    this.clear();
    const { agents } = this.host;
    this.unsubscribes = this.lastIds(count).map((id) =>
      agents.agent(id).subscribe(() => this.follower.came(agents.get(id)?.title ?? "")),
    );
    return NOTHING;
  }

  /** Resolves when `count` changes are over. @returns What each has cost. */
  readonly follow = async (parameters: Figures): Promise<Figures> => {
    const before = this.renders;
    const figures = await this.follower.follow(parameters);
    return { ...figures, renders: (this.renders - before) / figureOf(parameters, "count") };
  };

  private lastIds(count: number): readonly string[] {
    const { agents } = this.host.agents;
    return agents
      .getSnapshot()
      .slice(-count)
      .map(({ id }) => id);
  }

  private clear(): void {
    for (const unsubscribe of this.unsubscribes) unsubscribe();
    this.unsubscribes = [];
    flushSync(() => this.root.render(null));
  }
}
