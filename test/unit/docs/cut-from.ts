/** Whether the lines stand in the file in this order, others between them or not. */
export function isCutFrom(lines: readonly string[], file: readonly string[]): boolean {
  let from = 0;
  return lines.every((line) => {
    const index = file.indexOf(line, from);
    from = index + 1;
    return index >= 0;
  });
}

/** The code blocks of a page in some languages, each as its lines. */
export function snippetsOf(page: string, ...languages: string[]): string[][] {
  const block = new RegExp(`\`\`\`(?:${languages.join("|")})\\n([\\s\\S]*?)\`\`\``, "g");
  return [...page.matchAll(block)].map(([, code = ""]) => code.trimEnd().split("\n"));
}
