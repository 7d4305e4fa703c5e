import { act, type ReactNode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { onTestFinished } from "vitest";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

/** A tree on the page of the test. */
export interface Mounted {
  readonly container: HTMLElement;
  /** Errors that no boundary has caught, and what React recovered from. */
  readonly errors: readonly unknown[];
  /** What is shown, as text. */
  readonly text: string;
  render(node: ReactNode): Promise<void>;
  unmount(): Promise<void>;
}

/** Shows `node` until the test ends. */
export async function mount(node: ReactNode): Promise<Mounted> {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const container = document.createElement("div");
  const root = createRoot(container, {
    onUncaughtError: onError,
    onRecoverableError: onError,
    onCaughtError: () => {},
  });
  await act(async () => root.render(node));
  return createMounted(container, root, errors);
}

/** Takes over what a server has rendered. */
export async function hydrate(html: string, node: ReactNode): Promise<Mounted> {
  const errors: unknown[] = [];
  const container = document.createElement("div");
  container.innerHTML = html;
  const onRecoverableError = (error: unknown): void => void errors.push(error);
  const root = await act(async () => hydrateRoot(container, node, { onRecoverableError }));
  return createMounted(container, root, errors);
}

function createMounted(container: HTMLElement, root: Root, errors: readonly unknown[]): Mounted {
  const unmount = (): Promise<void> => act(async () => root.unmount());
  onTestFinished(unmount);
  return {
    container,
    errors,
    get text() {
      return container.textContent ?? "";
    },
    render: (next) => act(async () => root.render(next)),
    unmount,
  };
}
