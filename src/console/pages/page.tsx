import { type ReactNode, useEffect, useRef } from "react";
import { type Crumb, TopBar } from "../components/top-bar.tsx";

interface PageProps {
  readonly title: string;
  readonly crumbs: readonly Crumb[];
  /** Beside the title. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page. Whoever comes to it by the keyboard begins at its heading. */
export function Page({ title, crumbs, aside, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Moorline console`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <>
      <TopBar crumbs={crumbs} />
      <main>
        <div className="page-head">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {aside}
        </div>
        {children}
      </main>
    </>
  );
}
