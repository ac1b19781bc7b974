// Lets expressions stand wherever a field of a step may have a value.

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

const NAME = 'Expression';
const EXPRESSION = {
  description:
    'Text with an expression in it: `${steps.copy.volumeID}`. Alone, it becomes its value, of whatever type.',
  type: 'string',
  pattern: String.raw`\$\{`,
};
/** Fields that are read before there are any values. */
const OUTRIGHT = new Set([
  'HttpFields.hook',
  'HttpFields.outputs',
  'RunbookFields.document',
  'RunbookInFileFields.document',
  'RunbookInFileFields.file',
]);

/** `defs`: of a schema; those of the fields of steps are called `…Fields`. */
export function allowExpressions(defs: Record<string, Node>): void {
  const fields = Object.entries(defs).filter(([name]) => name.endsWith('Fields'));
  for (const [name, def] of fields) within(def, name);
  if (fields.length > 0) defs[NAME] = EXPRESSION;
}

/** What lies within an object or a list. */
function within(node: Node, name?: string): void {
  const members = node['properties'];
  if (isNode(members)) {
    for (const [key, member] of Object.entries(members)) {
      if (isNode(member) && !OUTRIGHT.has(`${name}.${key}`)) members[key] = orExpression(member);
    }
  }
  for (const key of ['items', 'additionalProperties']) if (isNode(node[key])) node[key] = orExpression(node[key]);
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    for (const option of Array.isArray(node[key]) ? (node[key] as unknown[]) : [])
      if (isNode(option)) within(option, name);
  }
}

function orExpression(node: Node): Node {
  // What is never given has no expression either, and what takes anything takes expressions.
  if ('not' in node && Object.keys(node['not'] as Node).length === 0) return node;
  if ('$ref' in node || 'const' in node) return node;
  within(node);
  const { description, ...rest } = node;
  return { ...(description === undefined ? {} : { description }), anyOf: [rest, { $ref: `#/$defs/${NAME}` }] };
}
