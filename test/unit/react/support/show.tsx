import { Component, type ReactNode } from "react";
import { MoorlineError } from "../../../../src/wire/moorline-error.ts";

/** Shows the code of what was thrown below it. */
export class Boundary extends Component<{ readonly children?: ReactNode }, { readonly code: string | undefined }> {
  override readonly state: { readonly code: string | undefined } = { code: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { code: error instanceof MoorlineError ? error.code : `untyped: ${String(error)}` };
  }

  override render(): ReactNode {
    return this.state.code ?? this.props.children;
  }
}
