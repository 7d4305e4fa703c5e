import { MoorlineError } from "../../client/index.ts";

/** A piece of a word: in single quotes, in double quotes, after a backslash, or bare. */
const PIECE = /'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\([\s\S])|([^\s'"\\]+)/y;

/**
 * Splits a command line into words as a shell does that knows quotes and backslashes and nothing else: no variables, no
 * patterns, no pipes.
 * @throws MoorlineError OPTION_INVALID where there is no word, or a quote or a backslash without its end.
 */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [space = ""] = /^\s+/.exec(text.slice(at)) ?? [];
    at += space.length;
    if (at === text.length) break;
    const [word, end] = readWord(text, at);
    words.push(word);
    at = end;
  }
  if (words.length === 0) throw invalid("There is no command.");
  return words;
}

function readWord(text: string, start: number): readonly [word: string, end: number] {
  let word = "";
  let at = start;
  while (at < text.length && !/\s/.test(text[at] ?? "")) {
    PIECE.lastIndex = at;
    const [all, single, double, escaped, bare] = PIECE.exec(text) ?? [];
    if (all === undefined) throw invalid("A quote or a backslash has no end.");
    word += single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? bare ?? "";
    at += all.length;
  }
  return [word, at];
}

function invalid(text: string): MoorlineError {
  return new MoorlineError("OPTION_INVALID", text, {
    action: "Give a program and its arguments, as in: make -j2 test",
  });
}
