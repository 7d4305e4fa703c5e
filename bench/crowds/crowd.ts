/** One connection of a crowd, as small as can be. */
export interface Member {
  /** Connects, the first time and after each cut. Resolves when the server has taken it in. */
  connect(): Promise<void>;
  /** Cuts the connection, without a word to the server. Resolves when it is gone on this side. */
  cut(): Promise<void>;
}

/** Connections that are opened at the same time: enough to keep the server busy, too few for its backlog. */
const AT_ONCE = 128;

/** Many connections to one server. */
export class Crowd {
  private readonly members: Member[] = [];
  private readonly createMember: () => Member;

  /** @param createMember Makes one connection; it does not connect yet. */
  constructor(createMember: () => Member) {
    this.createMember = createMember;
  }

  /** Connects `count` more. */
  async grow(count: number): Promise<void> {
    const more = Array.from({ length: count }, this.createMember);
    this.members.push(...more);
    await connectAll(more);
  }

  /** Cuts all of them. */
  async cut(): Promise<void> {
    await Promise.all(this.members.map((member) => member.cut()));
  }

  /** Connects all of them again. */
  async comeBack(): Promise<void> {
    await connectAll(this.members);
  }
}

async function connectAll(members: readonly Member[]): Promise<void> {
  const waiting = members[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const member of waiting) await member.connect();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
