/** A host that the page remembers. */
export interface KnownHost {
  readonly serverId: string;
  readonly label: string;
  /** Where it is, in normal form. */
  readonly endpoint: string;
}

const KEY = "moorline-hosts";
const MAX_HOSTS = 64;

/** Keeps the hosts of this browser in its `localStorage`. Without it, they are remembered as long as the page lives. */
export class HostBook {
  private hosts: readonly KnownHost[] = readHosts();

  /** The hosts, in the order in which they were added. */
  list(): readonly KnownHost[] {
    return this.hosts;
  }

  /** Adds a host, or takes another address for it. */
  put(host: KnownHost): void {
    const others = this.hosts.filter(({ serverId }) => serverId !== host.serverId);
    this.save([...others, host].slice(-MAX_HOSTS));
  }

  /** Forgets a host. */
  remove(serverId: string): void {
    this.save(this.hosts.filter((host) => host.serverId !== serverId));
  }

  private save(hosts: readonly KnownHost[]): void {
    this.hosts = hosts;
    try {
      localStorage.setItem(KEY, JSON.stringify(hosts));
    } catch {
      // They are remembered.
    }
  }
}

/** What is no list of hosts counts as none: nothing of it can be asked for again, and addresses can be typed in. */
function readHosts(): readonly KnownHost[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isKnownHost).slice(-MAX_HOSTS) : [];
  } catch {
    return [];
  }
}

function isKnownHost(value: unknown): value is KnownHost {
  const host = value as Partial<Record<keyof KnownHost, unknown>> | null;
  return [host?.serverId, host?.label, host?.endpoint].every((field) => typeof field === "string");
}
