/** A code block of a page. */
export interface CodeBlock {
  /** What stands behind the fence: `ts`, `sh`. Empty where nothing does. */
  readonly language: string;
  readonly lines: readonly string[];
}

/** The code blocks of a page, in order. */
export function readCodeBlocks(page: string): readonly CodeBlock[] {
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", code = ""]) => ({
    language,
    lines: code.trimEnd().split("\n"),
  }));
}

/** Where the links of a page lead that stay in the repository: a path, an anchor, or both. */
export function readLinks(page: string): readonly string[] {
  const text = page.replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors of a page's headings, as GitHub makes them. */
export function readAnchors(page: string): ReadonlySet<string> {
  const text = page.replaceAll(/^```[\s\S]*?^```$/gm, "");
  const anchors = new Set<string>();
  for (const [, heading = ""] of text.matchAll(/^#{1,6} (.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Whether the lines stand in the file in this order, others between them or not, however far they are indented. */
export function isCutFrom(lines: readonly string[], file: readonly string[]): boolean {
  let from = 0;
  return lines.every((line) => {
    const index = file.findIndex((other, place) => place >= from && other.trim() === line.trim());
    from = index + 1;
    return index >= 0;
  });
}
