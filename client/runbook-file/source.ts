import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import type { Path } from '../../contracts/runbook/fault.ts';

/** What is wrong with a file, and where. Lines and columns begin with 1. */
export interface FileFault {
  file: string;
  line: number;
  column: number;
  /** From the top of the document; empty when it is the YAML that is wrong. */
  path: Path;
  message: string;
}

/** Characters of a file: more than a run may be started with. */
const FILE_MAX = 1_000_000;
/** Lists and objects within one another; the parser goes no deeper. */
const OPEN_MAX = 200;
/** A few values that are used again, but no bomb. */
const ALIASES_MAX = 100;

/** One file: its value, and where in it things stand. */
export class Source {
  readonly file: string;
  readonly faults: FileFault[] = [];
  readonly value: unknown;
  private readonly lines = new LineCounter();
  private readonly document: Document | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    if (text.length > FILE_MAX) {
      this.fault(0, `the file is larger than ${FILE_MAX} characters`);
      return;
    }
    const deep = tooDeep(text);
    if (deep !== undefined) {
      // The parser, which else does it, is not asked.
      for (const { index } of text.matchAll(/^/gm)) this.lines.addNewLine(index);
      this.fault(deep, `this is nested deeper than ${OPEN_MAX}`);
      return;
    }
    this.document = this.parse(text);
    this.value = this.document === undefined || this.faults.length > 0 ? undefined : this.toValue(this.document);
  }

  /** Where a path of the document stands, or what comes nearest to it. A field that should not be there: its name. */
  locate(path: Path, atName = false): { line: number; column: number } {
    const { document } = this;
    let node = document?.contents;
    let at = startOf(node) ?? 0;
    for (const [i, key] of path.entries()) {
      const resolved: unknown = isAlias(node) && document !== undefined ? node.resolve(document) : node;
      if (isSeq(resolved)) {
        node = resolved.items[Number(key)] as Node | undefined;
      } else if (isMap(resolved)) {
        const pair: Pair | undefined = resolved.items.find((item) => nameOf(item) === String(key));
        if (pair === undefined) break;
        node = pair.value as Node | null;
        const isEmpty = node === null || startOf(node) === undefined;
        if (isEmpty || (atName && i === path.length - 1)) at = startOf(pair.key as Node) ?? at;
        if (isEmpty) break;
        if (atName && i === path.length - 1) break;
      } else break;
      const start = startOf(node);
      if (start === undefined) break;
      at = start;
    }
    return this.position(at);
  }

  private parse(text: string): Document | undefined {
    try {
      const documents = parseAllDocuments(text, { lineCounter: this.lines, prettyErrors: false, stringKeys: true });
      if ('empty' in documents || documents.length === 0) {
        this.fault(0, 'the file is empty; it must be a document with a name and steps');
        return undefined;
      }
      const [first, second] = documents as Document[];
      for (const document of documents as Document[]) {
        for (const { pos, message } of [...document.errors, ...document.warnings]) this.fault(pos[0], plain(message));
      }
      if (second !== undefined) {
        this.fault(
          startOf(second.contents) ?? 0,
          'there is a second document in the file; put it into a file of its own',
        );
      }
      return first;
    } catch (err) {
      this.fault(0, err instanceof RangeError ? 'this is nested too deeply' : String(err));
      return undefined;
    }
  }

  private toValue(document: Document): unknown {
    visit(document, {
      Scalar: (_key, node) => {
        const { value } = node;
        if (typeof value !== 'number' || Number.isSafeInteger(value)) return;
        const at = startOf(node) ?? 0;
        if (!Number.isFinite(value)) this.fault(at, `${String(node.source)} is no number that can be used`);
        else if (Number.isInteger(value) && /^[-+]?\d+$/.test(node.source ?? '')) {
          this.fault(at, `${node.source} is too large for a whole number; put it in quotes if it is text`);
        }
      },
      Alias: (_key, node) => {
        if (node.resolve(document) === undefined) this.fault(startOf(node) ?? 0, `there is no anchor &${node.source}`);
      },
    });
    if (this.faults.length > 0) return undefined;
    try {
      return document.toJS({ maxAliasCount: ALIASES_MAX });
    } catch (err) {
      const bomb = err instanceof ReferenceError;
      this.fault(
        this.firstAlias(document),
        bomb ? 'aliases of aliases make this too large; write it out' : String(err),
      );
      return undefined;
    }
  }

  private firstAlias(document: Document): number {
    let at = 0;
    visit(document, {
      Alias: (_key, node) => {
        at = startOf(node) ?? 0;
        return visit.BREAK;
      },
    });
    return at;
  }

  private fault(offset: number, message: string): void {
    this.faults.push({ file: this.file, ...this.position(offset), path: [], message });
  }

  private position(offset: number): { line: number; column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

const startOf = (node: Node | null | undefined): number | undefined => node?.range?.[0];
const nameOf = (item: unknown): string | undefined => {
  const key: unknown = isPair(item) ? item.key : undefined;
  return isScalar(key) ? String(key.value) : undefined;
};

/** What the library says, as an instruction. */
function plain(message: string): string {
  const first = message.split('\n')[0]!;
  if (first.startsWith('Map keys must be unique')) return 'this name is there twice; keep one of them';
  if (first.startsWith('Unresolved tag')) return `${first}; tags are not used here, leave it out`;
  if (first.startsWith('Maximum call stack')) return 'this is nested too deeply';
  if (first.startsWith('With stringKeys')) return 'names must be text; put this one in quotes';
  return first;
}

/** Where brackets are open that nobody would open. Brackets in texts count too, which does no harm at so many. */
function tooDeep(text: string): number | undefined {
  let open = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) {
      open += 1;
      if (open > OPEN_MAX) return i;
    } else if ((c === 0x5d || c === 0x7d) && open > 0) open -= 1;
  }
  return undefined;
}
