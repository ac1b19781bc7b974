// Writes schemas/: the JSON Schemas of what the workflow types take and give, made from the zod schemas of contracts/.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { DEFAULT_TASK_QUEUE, FAILURE, WORKFLOW } from '../contracts/names.ts';
import { FOR_READERS } from '../contracts/for-readers.ts';
import { PUBLISHED, type PublishedWorkflow } from '../contracts/published-schemas.ts';
import { runbookFileSchema } from '../contracts/runbook/document.ts';
import { allowExpressions } from './expressions-in-schema.ts';
import { readInterfaces, type Interfaces } from './interfaces.ts';

type Node = Record<string, unknown>;

const root = fileURLToPath(new URL('..', import.meta.url));
const DIR = `${root}schemas`;
const DEFS = '#/$defs/';
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema of one message. Results get the words of the interface that they are of. */
export function jsonSchema(file: string, title: string, schema: z.ZodType, interfaces: Interfaces): Node {
  const {
    $schema,
    $defs = {},
    ...rest
  } = z.toJSONSchema(schema, {
    ...{ io: 'input', reused: 'inline' },
    override: ({ jsonSchema: node }) => void delete node[FOR_READERS],
  });
  const defs: Record<string, Node> = { ...$defs };
  for (const [id, def] of Object.entries(defs)) addWords(def, id, interfaces);
  // Whatever a document of JSON may hold is JSON; zod says so at length.
  const json = defs['JSON']?.['$ref'];
  if (typeof json === 'string') {
    delete defs['JSON']!['$ref'];
    delete defs[json.slice(DEFS.length)];
  }
  writeOut(rest, defs);
  allowExpressions(defs);
  // A message that has a name stands at the top, where tools that generate code look for it.
  const { $ref, ...top } = rest;
  const name = $ref?.slice(DEFS.length);
  const body = name === undefined ? top : { ...defs[name], ...top };
  if (name !== undefined) delete defs[name];
  const whole = { $schema, $id: file, title, ...body, ...(Object.keys(defs).length === 0 ? {} : { $defs: defs }) };
  if (name === undefined) return whole;
  // What speaks of itself.
  return JSON.parse(JSON.stringify(whole).replaceAll(`"${DEFS}${name}"`, '"#"')) as Node;
}

/** What zod puts aside under a name of its own, in its place. */
function writeOut(schema: Node, defs: Record<string, Node>): void {
  const aside = Object.keys(defs).filter((key) => key.startsWith('__schema'));
  if (aside.length === 0) return;
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (!isNode(node)) return;
    const name = typeof node['$ref'] === 'string' ? node['$ref'].slice(DEFS.length) : '';
    if (aside.includes(name)) {
      delete node['$ref'];
      Object.assign(node, defs[name]);
    }
    Object.values(node).forEach(visit);
  };
  visit(schema);
  for (const [name, def] of Object.entries(defs)) if (!aside.includes(name)) visit(def);
  for (const name of aside) delete defs[name];
}

/** What the comments of an interface say, as descriptions. */
function addWords(node: Node, name: string, interfaces: Interfaces): void {
  const found = interfaces.get(name);
  if (found === undefined) return;
  if (found.doc !== undefined) node['description'] ??= found.doc;
  const visit = (at: unknown, path: string): void => {
    if (!isNode(at)) return;
    for (const [key, member] of Object.entries(isNode(at['properties']) ? at['properties'] : {})) {
      const here = path === '' ? key : `${path}.${key}`;
      const doc = found.members.get(here);
      if (isNode(member) && doc !== undefined) member['description'] ??= doc;
      visit(member, here);
    }
    visit(at['items'], path);
    for (const option of Array.isArray(at['anyOf']) ? at['anyOf'] : []) visit(option, path);
  };
  visit(node, '');
}

/** Files by name: a schema for each message, and index.json with what belongs together. */
export async function renderSchemas(): Promise<Map<string, string>> {
  const interfaces = new Map([
    ...(await readInterfaces(`${root}contracts`)),
    ...(await readInterfaces(`${root}contracts/runbook`)),
  ]);
  const files = new Map<string, unknown>();
  const add = (file: string, title: string, schema: z.ZodType) => {
    files.set(file, jsonSchema(file, title, schema, interfaces));
    return file;
  };
  const workflow = (type: string, { request, result, failure, updates = {}, queries = {} }: PublishedWorkflow) => ({
    request: add(`${type}.request.schema.json`, `Request of ${type}`, request),
    result: add(`${type}.result.schema.json`, `Result of ${type}`, result),
    ...(failure === undefined
      ? {}
      : {
          failure: add(
            `${type}.failure.schema.json`,
            `details[0] of a ${type === WORKFLOW.runbook ? FAILURE.runbookFailed : FAILURE.cloneFailed} failure of ${type}`,
            failure,
          ),
        }),
    ...named('updates', updates, (name, update) => ({
      request: add(`${type}.${name}.request.schema.json`, `Argument of the update ${name} of ${type}`, update.request),
      result: add(`${type}.${name}.result.schema.json`, `Result of the update ${name} of ${type}`, update.result),
    })),
    ...named('queries', queries, (name, query) => ({
      result: add(`${type}.${name}.query.schema.json`, `Answer to the query ${name} of ${type}`, query.result),
    })),
  });
  const workflows = Object.fromEntries(Object.entries(PUBLISHED).map(([type, of]) => [type, workflow(type, of)]));
  const runbookFile = add('runbook.document.schema.json', 'A runbook in a file', runbookFileSchema);
  files.set('index.json', { taskQueue: DEFAULT_TASK_QUEUE, workflows, files: { runbook: runbookFile } });
  const style = await resolveConfig(`${DIR}/index.json`);
  const texts = [...files].map(async ([name, content]) => {
    const text = await format(JSON.stringify(content), { ...style, parser: 'json' });
    return [name, text] as const;
  });
  return new Map(await Promise.all(texts));
}

const named = <T, U>(key: string, of: Record<string, T>, map: (name: string, value: T) => U) =>
  Object.keys(of).length === 0
    ? {}
    : { [key]: Object.fromEntries(Object.entries(of).map(([name, value]) => [name, map(name, value)])) };

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = await renderSchemas();
  for (const name of await readdir(DIR)) if (!files.has(name) && name.endsWith('.json')) await rm(`${DIR}/${name}`);
  let changed = 0;
  for (const [name, text] of files) {
    if (text === (await readFile(`${DIR}/${name}`, 'utf8').catch(() => ''))) continue;
    await writeFile(`${DIR}/${name}`, text);
    changed += 1;
  }
  console.log(`schemas/: ${files.size} files, ${changed} written`);
}
