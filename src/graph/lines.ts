import type { EdgeRole, Reason, TopologyEdge, TopologyNode } from "./topology.ts";

/** Columns of a picture's text. */
const columns = 46;

/** Lines of an explanation in a picture; all of it is in the text and in JSON. */
const mostLines = 5;

const tooLong = new RegExp(`^(.{${columns - 1}})..`, "u");

/** A text in one line, cut where it is too long for a picture. Characters that no picture can hold become a replacement. */
export function shortened(text: string): string {
  const clean = printable(text);
  const start = tooLong.exec(clean)?.[1];
  return start === undefined ? clean : `${start}…`;
}

/** The text without control characters, halves of characters, and what turns the direction of writing. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, "\ufffd");
}

/** What is wrong, in lines: the reason, and then the sentence. */
export function explanation({ reason, message }: Reason, further: number): readonly string[] {
  const lines = wrapped(printable(message));
  const cut = lines.length > mostLines ? [...lines.slice(0, mostLines - 1), `${lines[mostLines - 1] ?? ""} …`] : lines;
  return [`✗ ${printable(reason)}`, ...cut, ...(further === 0 ? [] : [`and ${further} more`])];
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    for (const piece of word.match(new RegExp(`.{1,${columns}}`, "gu")) ?? []) {
      if (line !== "" && line.length + piece.length >= columns) {
        lines.push(line);
        line = piece;
      } else line = line === "" ? piece : `${line} ${piece}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** What an edge does, where the kinds of its ends don't say it. */
const roleWords: Readonly<Partial<Record<EdgeRole, string>>> = {
  mirror: "mirrored to",
  auth: "authorized by",
  policy: "holds for",
  grant: "opens",
};

/** What is written on an edge: what it does, and its share. */
export function edgeWords({ role, label }: TopologyEdge): readonly string[] {
  return [roleWords[role], label].flatMap((word) => word ?? []);
}

/** What stands above a node's name. */
export function caption({ role, origin }: TopologyNode): string {
  return role === "listener" || role === "rule" ? "" : origin.resource.kind;
}
