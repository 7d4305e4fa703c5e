interface Leaving {
  /** Deletes what is kept of the mirrors of the host. */
  readonly work: () => Promise<void>;
  /** Resolves when nothing more of it is being deleted, whether that has failed or not. */
  readonly vacated: Promise<unknown>;
}

/** Hosts that are forgotten, as long as something is kept of their mirrors. Spec: FLEET-4. */
export class LeavingHosts {
  readonly #hosts = new Map<string, Leaving>();

  /**
   * Deletes what is kept of the mirrors of a host.
   * @param work Does that. Default: what has failed before, or nothing.
   * @returns What `work` returns.
   */
  forget(serverId: string, work = this.#hosts.get(serverId)?.work): Promise<void> {
    if (work === undefined) return Promise.resolve();
    const done = work();
    const leaving = { work, vacated: Promise.allSettled([this.vacated(serverId), done]) };
    this.#hosts.set(serverId, leaving);
    const leave = (): void => {
      if (this.#hosts.get(serverId) === leaving) this.#hosts.delete(serverId);
    };
    done.then(leave, () => undefined);
    return done;
  }

  /** Resolves when nothing more of a host is being deleted. Undefined: nothing is. Never rejects. */
  vacated(serverId: string): Promise<unknown> | undefined {
    return this.#hosts.get(serverId)?.vacated;
  }
}
