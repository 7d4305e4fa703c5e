/** What three surfaces share: a store that each of them fills by itself. */
export class RefreshingHooks {
  fetches = 0;
  store: readonly string[] = [];
  status: "idle" | "loading" | "ready" = "idle";
  private readonly fetchAgents: () => Promise<readonly string[]>;

  constructor(fetchAgents: () => Promise<readonly string[]>) {
    this.fetchAgents = fetchAgents;
  }

  /** The list in the sidebar is shown: it loads. */
  async showSidebar(): Promise<void> {
    this.status = "loading";
    await this.load();
    this.status = "ready";
  }

  /** The list of everything is shown: it loads as well. */
  async showAll(): Promise<void> {
    await this.showSidebar();
  }

  /** The list over all hosts is shown: it loads, and says so nowhere. */
  async showAggregated(): Promise<void> {
    await this.load();
  }

  private async load(): Promise<void> {
    this.fetches += 1;
    this.store = await this.fetchAgents();
  }
}
