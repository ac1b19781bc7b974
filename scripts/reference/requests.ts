// docs/reference/requests.md: what each workflow type is asked for, made from the zod schemas of contracts/.
import { z } from 'zod';
import { FOR_READERS, type ForReaders } from '../../contracts/for-readers.ts';
import { PUBLISHED } from '../../contracts/published-schemas.ts';
import { SAMPLES } from './samples.ts';

interface Node {
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  anyOf?: Node[];
  oneOf?: { required?: string[] }[];
  not?: { required?: string[]; properties?: unknown } & object;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  dependentRequired?: Record<string, string[]>;
  additionalProperties?: unknown;
  [FOR_READERS]?: ForReaders;
}

interface Row {
  path: string;
  node: Node;
  required: boolean;
}

const HEAD = `# Requests

What each workflow type takes: one JSON object. Made from the schemas that check it, by \`npm run reference\`; the same as JSON
Schema, and what each type gives back, is in \`schemas/\`. \`requestId\`, \`deadline\`, \`onFailure\`, \`requestedBy\` and \`priority\` mean
the same everywhere. A field that is not listed is refused by name. **Bold** fields must be given.
`;

const WHAT: Record<string, string> = {
  cloneVolume: 'One new volume from one volume.',
  cloneGroup: 'Several volumes as they are at one moment. Fields of a volume stand above those of the group.',
  cloneFanOut: 'Many clones of one volume, of one snapshot. Fields of a clone stand above those of the fan-out.',
  copyVolume: 'New content in a volume that is there.',
  undoCopy: 'Takes a copy back.',
  refreshClone: 'A new generation of a series.',
  cloneLease: 'Deletes a clone when its time is over.',
  'cloneLease.extend': 'An update of the workflow `cloneLease`: a later end.',
  'cloneLease.release': 'An update of the workflow `cloneLease`: no end any more.',
  runbook: 'Carries out a document of steps.',
  'runbook.decide': 'An update of the workflow `runbook`: an approval is given or refused.',
};

/** Words for a check by pattern; a pattern is for programs. */
const PATTERNS: [RegExp, string][] = [
  [/\{0,62\}/, '1 to 63 letters, digits, `.`, `_` or `-`'],
  [/\{0,47\}/, '1 to 48 letters, digits, `.`, `_` or `-`'],
  [/x21-\\x7e\]\{1,100\}/, '1 to 100 printable ASCII characters without spaces'],
  [/x21-\\x7e\]\{1,80\}/, '1 to 80 printable ASCII characters without spaces'],
];

const number = (n: number) => n.toLocaleString('en').replaceAll(',', '\u202f');
const code = (value: unknown) => `\`${JSON.stringify(value)}\``;
const isNever = ({ not, type }: Node) => type === undefined && not !== undefined && Object.keys(not).length === 0;

/** What a field holds and how much of it, in words. */
export function typeOf(node: Node): string {
  const { unit, maxDays } = node[FOR_READERS] ?? {};
  if (isNever(node)) return 'not allowed';
  if (node.$ref !== undefined) return 'object';
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(typeOf))].join(' or ');
  if (maxDays !== undefined) return `duration, \`1s\` to \`${maxDays}d\``;
  if (node.type === 'integer') {
    const least = node.minimum ?? (node.exclusiveMinimum ?? 0) + 1;
    const most = node.maximum === undefined || node.maximum === Number.MAX_SAFE_INTEGER ? undefined : node.maximum;
    const what = unit ?? 'whole number';
    return most === undefined ? `${what}, ${number(least)} or more` : `${what}, ${number(least)} to ${number(most)}`;
  }
  if (node.type === 'array') {
    const { minItems = 0, maxItems } = node;
    const most = maxItems === undefined ? `${minItems} or more` : `${minItems} to ${number(maxItems)}`;
    return `list of ${most}: ${node.items === undefined ? 'anything' : typeOf(node.items)}`;
  }
  if (node.type === 'object') return node.properties === undefined ? 'object of any JSON' : 'object';
  if (node.type === 'boolean') return 'true or false';
  const pattern = PATTERNS.find(([p]) => p.test(node.pattern ?? ''));
  if (pattern !== undefined) return `text, ${pattern[1]}`;
  if (node.format === 'date-time' || node.pattern !== undefined) return 'moment, ISO 8601 with a zone';
  if (node.maxLength !== undefined) return `text, ${node.minLength ?? 0} to ${number(node.maxLength)} characters`;
  return 'text';
}

/** Every field, those of members by path: `volumes[].name`. Of alternatives with the same fields each field once. */
export function rowsOf(node: Node, path = '', required = true): Row[] {
  const below = [
    ...Object.entries(node.properties ?? {}).flatMap(([name, member]) =>
      rowsOf(member, path === '' ? name : `${path}.${name}`, node.required?.includes(name) ?? false),
    ),
    ...(node.items === undefined ? [] : rowsOf(node.items, `${path}[]`).filter((r) => r.path !== `${path}[]`)),
    ...(node.anyOf ?? []).flatMap((option) => rowsOf(option, path).filter((r) => r.path !== path)),
  ];
  const seen = new Set<string>();
  const once = below.filter((r) => !seen.has(r.path) && seen.add(r.path));
  return path === '' ? once : [{ path, node, required }, ...once];
}

/** The first value at a path of any sample. */
function exampleAt(samples: readonly unknown[], path: string): unknown {
  const steps = path.split(/\.|(?=\[\])/);
  for (const sample of samples) {
    let at: unknown[] = [sample];
    for (const step of steps) {
      at = at.flatMap((v) =>
        step === '[]' ? (Array.isArray(v) ? (v as unknown[]) : []) : [(v as Record<string, unknown> | null)?.[step]],
      );
    }
    const found = at.find((v) => v !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const AS_DEFAULT = /\s*Default: (.*?)\.?$/s;

/** A field as the reference tells it. */
export interface Field {
  path: string;
  type: string;
  default: string;
  meaning: string;
  example: unknown;
  /** Not just fields of its own. */
  holdsValue: boolean;
}

function fieldOf({ path, node, required }: Row, samples: readonly unknown[]): Field {
  const description = node.description ?? node.anyOf?.map((o) => o.description).find(Boolean) ?? '';
  return {
    path,
    type: typeOf(node),
    default: AS_DEFAULT.exec(description)?.[1] ?? (required || isNever(node) ? '' : 'none'),
    meaning: description.replace(AS_DEFAULT, ''),
    example: exampleAt(samples, path),
    holdsValue: !isNever(node) && (node.anyOf !== undefined || rowsOf(node, path).length === 1),
  };
}

function line(row: Row, samples: readonly unknown[]): string {
  const field = fieldOf(row, samples);
  const example = field.example === undefined || !field.holdsValue ? '' : code(field.example);
  const name = row.required ? `**\`${field.path}\`**` : `\`${field.path}\``;
  return `| ${[name, field.type, field.default, field.meaning, example].map(cell).join(' | ')} |`;
}

/** What concerns several fields at once. */
function together(node: Node): string[] {
  const found: string[] = [];
  if (node.not?.required !== undefined && node.not.properties === undefined)
    found.push(`Not both ${node.not.required.map((f) => `\`${f}\``).join(' and ')}.`);
  for (const [field, needs] of Object.entries(node.dependentRequired ?? {}))
    found.push(`\`${field}\` only with ${needs.map((f) => `\`${f}\``).join(' and ')}.`);
  if (node.oneOf !== undefined)
    found.push(
      `Exactly one of ${node.oneOf
        .flatMap((o) => o.required ?? [])
        .map((f) => `\`${f}\``)
        .join(' and ')}.`,
    );
  return found;
}

/** Fields that are told already, and where. */
interface Told {
  fields: ReadonlyMap<string, string>;
  type: string;
}
const same = (node: Node) => JSON.stringify(node);
const last = (path: string) => path.replace(/^.*?(\[\]|clone)\./, '');

function table(rows: readonly Row[], samples: readonly unknown[], told?: Told): string[] {
  const known = (r: Row) =>
    told !== undefined && r.path !== last(r.path) && told.fields.get(last(r.path)) === same(r.node);
  const short = rows.filter(known).filter((r, _, all) => !all.some((o) => r.path.startsWith(`${o.path}.`)));
  const prefixes = [...new Set(short.map((r) => r.path.slice(0, -last(r.path).length - 1)))];
  return [
    '| field | type and limits | default | meaning | example |',
    '| ----- | --------------- | ------- | ------- | ------- |',
    ...rows.filter((r) => !known(r)).map((r) => line(r, samples)),
    ...prefixes.map((prefix) => {
      const names = short.filter((r) => r.path === `${prefix}.${last(r.path)}`).map((r) => `\`${last(r.path)}\``);
      return `\nAlso in \`${prefix}\`, as [above](#${told!.type.toLowerCase()}): ${names.join(', ')}.`;
    }),
  ];
}

const jsonOf = (schema: z.ZodType): Node => z.toJSONSchema(schema, { io: 'input', reused: 'inline' }) as Node;

/** Every request by its heading, with samples that its schema accepts. */
export function requests(): [name: string, schema: z.ZodType, samples: readonly unknown[]][] {
  return Object.entries(PUBLISHED).flatMap(([type, { request, updates = {} }]) => [
    [type, request, SAMPLES[type] ?? []] as [string, z.ZodType, readonly unknown[]],
    ...Object.entries(updates).map(([update, of]): [string, z.ZodType, readonly unknown[]] => {
      const name = `${type}.${update}`;
      return [name, of.request, SAMPLES[name] ?? []];
    }),
  ]);
}

/** Every field of one of them, told here or elsewhere on the page. */
export function fieldsOf(name: string): Field[] {
  const [, schema, samples] = requests().find(([n]) => n === name)!;
  return rowsOf(jsonOf(schema)).map((row) => fieldOf(row, samples));
}

/** The page, before Prettier. */
export function requestsPage(): string {
  const parts = [HEAD];
  const told = new Map<string, ReadonlyMap<string, string>>();
  for (const [name, schema, samples] of requests()) {
    const node = jsonOf(schema);
    parts.push(`## ${name}\n`, `${WHAT[name] ?? ''}\n`);
    const own = new Map(rowsOf(node).map((r) => [r.path, same(r.node)]));
    told.set(name, own);
    const rules = together(node);
    if (rules.length > 0) parts.push(`${rules.join(' ')}\n`);
    if (node.anyOf !== undefined && node.properties === undefined) {
      for (const [i, option] of node.anyOf.entries()) {
        const base = i === 0 ? 'cloneVolume' : 'cloneGroup';
        const before =
          i === 0 ? new Map<string, string>() : new Map(rowsOf(node.anyOf[0]!).map((r) => [r.path, same(r.node)]));
        parts.push(`### ${name}: ${i === 0 ? 'of one volume' : 'of a group'}\n`);
        const rows = rowsOf(option).filter((r) => before.get(r.path) !== same(r.node));
        if (i > 0) parts.push('Beside what is the same for one volume:\n');
        parts.push(...table(rows, samples, { fields: told.get(base)!, type: base }), '');
      }
      continue;
    }
    const list = rowsOf(node).some((r) => r.path.includes('[].'));
    parts.push(...table(rowsOf(node), samples, list ? { fields: own, type: name } : undefined), '');
  }
  return parts.join('\n');
}
