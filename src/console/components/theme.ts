import { createState, type State } from "../model/source.ts";

/** How the page looks. `system`: as the system does. */
export type Theme = "system" | "light" | "dark";

const KEY = "moorline-theme";
const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** The theme that was chosen last. */
export const theme: State<Theme> = createState(readTheme());

/** Takes a theme, and keeps it. */
export function chooseTheme(next: Theme): void {
  theme.set(next);
  applyTheme();
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It lasts as long as the page.
  }
}

/** The theme after this one. */
export function nextTheme(current: Theme): Theme {
  return THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? "system";
}

/** Has the page look as the theme says. */
export function applyTheme(): void {
  const chosen = theme.getSnapshot();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

function readTheme(): Theme {
  try {
    return THEMES.find((known) => known === localStorage.getItem(KEY)) ?? "system";
  } catch {
    return "system";
  }
}
