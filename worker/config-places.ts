import { isAlias, isMap, isNode, isScalar, type Document, type LineCounter, type YAMLParseError } from 'yaml';
import type { z } from 'zod';

/** One sentence per fault of the schema: where it is, what must be there. */
export function describeFaults(error: z.ZodError, document: Document, lines: LineCounter): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(
        (key) => `${placeOf(document, lines, [...issue.path, key])}: unknown key; remove it or correct its spelling`,
      );
    }
    const at = placeOf(document, lines, issue.path);
    // The schema of the key, rather than that of the record, says what it must be.
    if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => `${at}: ${message}`);
    const missing = issue.path.length > 0 && nodeAt(document, issue.path) === undefined;
    return [`${at}: ${missing ? 'is missing; it ' : ''}${issue.message}`];
  });
}

/** Without the source text, which the parser quotes after a colon: it may be a secret that should not be there. */
export function describeSyntax(error: YAMLParseError, lines: LineCounter): string {
  const { line, col } = lines.linePos(error.pos[0]);
  const [what] = error.message.split(/: |\n/, 1);
  return `line ${line}, column ${col}: is not YAML (${what}); text with special characters belongs in quotes`;
}

/** `clusters.lab.password (line 6, column 15)`: the path, and where it is in the file. */
export function placeOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  const name = path.map(String).join('.') || 'the file';
  for (let length = path.length; length >= 0; length -= 1) {
    const node = nodeAt(document, path.slice(0, length));
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return `${name} (line ${line}, column ${col})`;
    }
  }
  return name;
}

/** The value at a path as the schema has it: keys are text there, whatever they are in YAML. */
function nodeAt(document: Document, path: readonly PropertyKey[]): unknown {
  let node: unknown = document.contents;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (!isMap(node)) return undefined;
    node = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part))?.value;
  }
  return node;
}
