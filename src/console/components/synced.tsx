import type { ReactNode } from "react";
import type { SyncedView } from "../model/console-model.ts";
import { ProblemNote } from "./status.tsx";

interface SyncedProps {
  readonly view: SyncedView;
  readonly onRetry: () => void;
  /** What is shown where there is data. */
  readonly children: ReactNode;
}

/** Shows synced data as its presentation says: an overlay at the first time, a badge or a toast later, an error where there is nothing else. */
export function Synced({ view, onRetry, children }: SyncedProps) {
  switch (view.presentation) {
    case "overlay":
      return (
        <div className="overlay" role="status" aria-label="Loading">
          <span className="spinner" aria-hidden="true" />
        </div>
      );
    case "error_screen":
      return (
        <div className="error-screen">
          {view.problem === undefined ? <p>It could not be loaded.</p> : <ProblemNote problem={view.problem} />}
          <button type="button" onClick={onRetry}>
            Try again
          </button>
        </div>
      );
    case "not_found":
      return <p className="muted empty">There is no such agent: it was deleted, or never was on this host.</p>;
    default:
      return (
        <>
          {children}
          <Notice view={view} onRetry={onRetry} />
        </>
      );
  }
}

function Notice({ view, onRetry }: Pick<SyncedProps, "view" | "onRetry">) {
  if (view.presentation === "toast") {
    return (
      <div className="toast" role="status">
        <span className="spinner small" aria-hidden="true" /> Bringing it up to date
      </div>
    );
  }
  if (view.presentation === "reconnecting_badge") {
    return (
      <div className="badge" data-tone="working" role="status">
        Reconnecting; this is what was known last
      </div>
    );
  }
  if (view.presentation !== "error_badge") return null;
  return (
    <div className="badge" data-tone="failed" role="status">
      Not up to date{view.problem === undefined ? "" : `: ${view.problem.code}`}{" "}
      <button type="button" className="quiet" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
