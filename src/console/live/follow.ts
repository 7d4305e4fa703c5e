import { Code, ConnectError } from "@connectrpc/connect";
import type { DaemonClient } from "../../client/daemon-client.ts";

/** How something is followed. */
export interface FollowOptions<Piece> {
  readonly client: DaemonClient;
  /** Opens a watch where the last one stood. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Piece>;
  readonly take: (piece: Piece) => void;
  /** The watch was cut, and is opened again when there is a connection. */
  readonly cut: () => void;
  /** It ends for good. */
  readonly failed: (error: unknown) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Follows something over lost channels and restarts of the daemon. Never rejects. */
export async function follow<Piece>({ client, open, take, cut, failed, signal }: FollowOptions<Piece>): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const piece of open(signal)) take(piece);
    } catch (thrown) {
      if (signal.aborted) return;
      if (ConnectError.from(thrown).code !== Code.Unavailable) {
        failed(thrown);
        return;
      }
    }
    cut();
    try {
      await client.ensureConnected();
    } catch (error) {
      failed(error);
      return;
    }
  }
}
