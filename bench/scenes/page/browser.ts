import { type HTMLElement, Window } from "happy-dom";

const window = new Window();

/** Makes this process a page, as far as React needs one, with React as it is shipped. Before React is loaded. */
export function becomePage(): void {
  process.env.NODE_ENV = "production";
  Object.assign(globalThis, { window, document: window.document });
}

/** What a view is shown in. */
export function createContainer(): HTMLElement {
  return window.document.createElement("ul");
}
