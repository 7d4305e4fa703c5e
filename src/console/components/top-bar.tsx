import { useSource } from "../model/use-source.ts";
import { chooseTheme, nextTheme, theme } from "./theme.ts";

/** Another page on the way to this one. */
export interface Crumb {
  readonly label: string;
  /** Undefined: this page. */
  readonly href?: string;
}

/** The bar above every page: where one is, and the theme. */
export function TopBar({ crumbs }: { readonly crumbs: readonly Crumb[] }) {
  const chosen = useSource(theme);
  return (
    <header className="top-bar">
      <a className="brand" href="#/">
        <Mark />
        <span>moorline</span>
      </a>
      <nav aria-label="Breadcrumb">
        <ol className="crumbs">
          {crumbs.map(({ label, href }) => (
            <li key={label}>
              {href === undefined ? <span aria-current="page">{label}</span> : <a href={href}>{label}</a>}
            </li>
          ))}
        </ol>
      </nav>
      <button
        type="button"
        className="quiet end"
        onClick={() => chooseTheme(nextTheme(chosen))}
        aria-label={`Theme: ${chosen}`}
      >
        <span aria-hidden="true">{{ system: "◐", light: "☀", dark: "☾" }[chosen]}</span>
        <span className="wide-only">{chosen}</span>
      </button>
    </header>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="mark-ground" />
      <path d="M6 22c4 0 4-3 10-3s6 3 10 3" className="mark-water" />
      <path d="M16 19V8m0 0a3 3 0 1 0 0-.01M11 13h10" className="mark-line" />
    </svg>
  );
}
