// Reads the comments of exported interfaces, for the JSON Schemas that are made of them.
import { readdir, readFile } from 'node:fs/promises';

export interface InterfaceWords {
  doc?: string;
  /** By name; of members of members by path: `qos.minIOPS`. */
  members: Map<string, string>;
}

/** By name of the interface, or of the type that is made of interfaces. */
export type Interfaces = ReadonlyMap<string, InterfaceWords>;

interface Found extends InterfaceWords {
  /** Other names that it is made of, whose members it has. */
  from: string[];
}

/** Of all files of a folder. */
export async function readInterfaces(dir: string): Promise<Interfaces> {
  const all = new Map<string, Found>();
  for (const file of (await readdir(dir)).filter((f) => f.endsWith('.ts'))) {
    for (const [name, found] of interfacesIn(await readFile(`${dir}/${file}`, 'utf8'))) all.set(name, found);
  }
  // A type may be made of itself, as JSON is.
  const inherit = ({ doc, members, from }: Found, way: readonly string[]): InterfaceWords => {
    const inherited = from.flatMap((name) => [
      ...(all.has(name) && !way.includes(name) ? inherit(all.get(name)!, [...way, name]).members : []),
    ]);
    return { ...(doc === undefined ? {} : { doc }), members: new Map([...inherited, ...members]) };
  };
  return new Map([...all].map(([name, found]) => [name, inherit(found, [name])]));
}

/** A comment, then a brace, or the name of a member or of a type. Strings may hold any of them. */
const TOKEN =
  /'[^']*'|`[^`]*`|\/\/[^\n]*|(?<doc>\/\*\*[^]*?\*\/)|(?<open>\{)|(?<close>\})|(?<end>;)|(?<member>\w+)\??:|\w+/g;
const HEAD = /(?:(?<doc>\/\*\*(?:(?!\*\/)[^])*\*\/)\s*)?export (?:interface|type) (?<name>\w+)(?<rest>[^{;]*)/g;

/** Of one source text. Type aliases count as interfaces made of those that they name. */
export function interfacesIn(source: string): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const head of source.matchAll(HEAD)) {
    const { doc, name, rest } = head.groups!;
    found.set(name!, {
      ...(doc === undefined ? {} : { doc: words(doc) }),
      members: membersFrom(source, head.index + head[0].length),
      from: [...rest!.matchAll(/\b[A-Z]\w+/g)].map(([word]) => word),
    });
    if (rest!.trim().startsWith('=')) {
      const alias = source.slice(head.index, source.indexOf(';\n\n', head.index));
      found.get(name!)!.from.push(...[...alias.matchAll(/\bOmit<\s*(\w+)/g)].map((m) => m[1]!));
    }
  }
  return found;
}

function membersFrom(source: string, start: number): Map<string, string> {
  const members = new Map<string, string>();
  const path: string[] = [];
  let depth = 0;
  let doc: string | undefined;
  let last = '';
  TOKEN.lastIndex = start;
  for (let token = TOKEN.exec(source); token !== null; token = TOKEN.exec(source)) {
    const { doc: comment, open, close, end, member } = token.groups!;
    if (comment !== undefined) doc = words(comment);
    else if (open !== undefined) {
      if (depth > 0) path.push(last);
      depth += 1;
    } else if (close !== undefined) {
      depth -= 1;
      if (depth <= 0) return members;
      path.pop();
    } else if (end !== undefined) {
      if (depth === 0) return members;
      doc = undefined;
    } else if (member !== undefined) {
      last = member;
      if (doc !== undefined) members.set([...path, member].join('.'), doc);
      doc = undefined;
    }
  }
  return members;
}

/** The text of a comment, in one line. */
const words = (comment: string): string =>
  comment
    .slice(3, -2)
    .replaceAll(/\n\s*\*/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
