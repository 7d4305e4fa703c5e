import type { FaultControls, FaultMode, FaultSnapshot } from "../faults/fault-transport.ts";
import { toCounted } from "../model/names.ts";
import { useSource } from "../model/use-source.ts";
import { Card } from "./card.tsx";

const SLEEP_MS = 8_000;
const DELAY_MS = 300;

/** Buttons that do to the connection what networks do, so that one can watch it recover. */
export function FaultCard({ faults }: { readonly faults: FaultControls }) {
  const state = useSource(faults.state);
  const { mode } = state;
  const isOn = (kind: FaultMode["kind"]): boolean => mode.kind === kind;
  const toggle = (kind: FaultMode["kind"], enter: () => void) => (): void => (isOn(kind) ? faults.heal() : enter());
  return (
    <Card title="Faults" className="first">
      <div className="faults">
        <button type="button" className="danger" onClick={faults.cut}>
          Cut connection
        </button>
        <button type="button" className="danger" onClick={faults.halfOpen}>
          Half-open
        </button>
        <button
          type="button"
          aria-pressed={isOn("sleeping")}
          onClick={toggle("sleeping", () => faults.sleep(SLEEP_MS))}
        >
          Sleep {SLEEP_MS / 1_000} s
        </button>
        <button type="button" aria-pressed={isOn("offline")} onClick={toggle("offline", faults.goOffline)}>
          Go offline
        </button>
        <button type="button" aria-pressed={isOn("delayed")} onClick={toggle("delayed", () => faults.delay(DELAY_MS))}>
          Add {DELAY_MS} ms
        </button>
      </div>
      <p className="muted small" role="status">
        {describe(state)}
      </p>
    </Card>
  );
}

function describe({ mode, connections, stalled }: FaultSnapshot): string {
  const open = toCounted(connections, "connection");
  const half = stalled === 0 ? "" : `, ${stalled} half-open`;
  switch (mode.kind) {
    case "sleeping":
      return `Asleep: nothing goes through. ${open}${half}.`;
    case "offline":
      return "Offline: nothing can be dialled.";
    case "delayed":
      return `Everything comes ${mode.delayMs} ms later. ${open}${half}.`;
    default:
      return `Nothing is wrong with the network. ${open}${half}.`;
  }
}
