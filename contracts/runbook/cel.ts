import { Environment, type ASTNode, type ParseResult } from '@marcbachmann/cel-js';
import { hasComment } from './template.ts';

/*
 * CEL, as far as runbooks have it: without a clock, time zones or regular expressions, and small. What is left gives the
 * same value wherever and whenever it is evaluated. Workflow code uses this at run time.
 */

/** Characters of one expression. */
export const EXPRESSION_MAX = 2_000;
const LIMITS = { maxAstNodes: 600, maxDepth: 40, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 8 };

const FUNCTIONS = new Set(['size', 'string', 'int', 'double', 'bool', 'dyn', 'has']);
/** Methods that take a variable and an expression of it. */
const LOOPS = new Set(['map', 'filter', 'all', 'exists', 'exists_one']);
const METHODS = new Set([
  ...LOOPS,
  ...['size', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim'],
  ...['indexOf', 'lastIndexOf', 'substring', 'split', 'join'],
]);

export const ROOTS = ['inputs', 'steps', 'run', 'item', 'index', 'volume'] as const;
export type Root = (typeof ROOTS)[number];
const isRoot = (name: string): name is Root => (ROOTS as readonly string[]).includes(name);

/** What an expression speaks of: `steps.copy.volumeID`, as far as names go; what comes after `[0]` is left out. */
export interface Reference {
  root: Root;
  path: string[];
}

/** `steps.copy.outcome == "failed"`. */
export interface OutcomeTest {
  step: string;
  outcomes: string[];
}

export interface Expression {
  text: string;
  ast: ASTNode;
  references: Reference[];
  outcomeTests: OutcomeTest[];
  run: ParseResult;
}

/** An expression that cannot be used; `message` says why and what to do. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError' as const;
}

/** JSON has one kind of number: a whole one is `int` here, and yet goes with others. */
export function environment(options: { unlistedVariablesAreDyn: boolean }): Environment {
  const env = new Environment({ ...options, homogeneousAggregateLiterals: false, limits: LIMITS });
  const mixed = (op: string, of: (a: number, b: number) => number) => {
    env.registerOperator(`int ${op} double: double`, (a: bigint, b: number) => of(Number(a), b));
    env.registerOperator(`double ${op} int: double`, (a: number, b: bigint) => of(a, Number(b)));
  };
  mixed('+', (a, b) => a + b);
  mixed('-', (a, b) => a - b);
  mixed('*', (a, b) => a * b);
  mixed('/', (a, b) => a / b);
  return env;
}

const untyped = environment({ unlistedVariablesAreDyn: true });

/** Parsed ones by their text. As many as a document can have steps, a few times over. */
const known = new Map<string, Expression>();
const KNOWN_MAX = 2_000;

/** Reads an expression. Throws `ExpressionError`. */
export function parseExpression(text: string): Expression {
  const before = known.get(text);
  if (before !== undefined) return before;
  const expression = read(text);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(text, expression);
  return expression;
}

function read(text: string): Expression {
  if (text.trim() === '') throw new ExpressionError('is an expression of nothing; say of what');
  if (text.length > EXPRESSION_MAX) {
    throw new ExpressionError(`has an expression of ${text.length} characters; at most ${EXPRESSION_MAX} can be used`);
  }
  let run: ParseResult;
  try {
    if (hasComment(text)) throw new ExpressionError('comments (//) cannot be used in expressions');
    run = untyped.parse(text);
  } catch (err) {
    throw new ExpressionError(`${quoted(text)}: ${reasonOf(err)}`, { cause: err });
  }
  const found: Found = { references: [], outcomeTests: [] };
  try {
    walk(run.ast, [], found);
  } catch (err) {
    if (err instanceof ExpressionError) throw new ExpressionError(`${quoted(text)}: ${err.message}`);
    throw err;
  }
  return { text, ast: run.ast, run, ...found };
}

export const quoted = (text: string) => `\${${text.length <= 120 ? text : `${text.slice(0, 117)}…`}}`;

/** What the library says, in one line. */
export function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  const summary = 'summary' in err && typeof err.summary === 'string' ? err.summary : err.message;
  return summary.split('\n')[0]!.replace('Unexpected token: EOF', 'it ends too early');
}

interface Found {
  references: Reference[];
  outcomeTests: OutcomeTest[];
}

/** Collects what is spoken of, and refuses what does not belong here. */
function walk(node: ASTNode, variables: readonly string[], found: Found): void {
  const go = (n: ASTNode, more: readonly string[] = []) =>
    walk(n, more.length === 0 ? variables : [...variables, ...more], found);
  switch (node.op) {
    case 'value':
      if (node.args !== null && typeof node.args === 'object') {
        throw new ExpressionError('there are no bytes and no unsigned numbers here');
      }
      return;
    case 'id':
    case '.':
    case '.?':
    case '[]':
    case '[?]': {
      const isKnown = referenced(node, variables, found);
      // What stands in brackets along the way, and what the way begins with when that is no name.
      let at: ASTNode = node;
      for (; at.op === '.' || at.op === '.?' || at.op === '[]' || at.op === '[?]'; at = at.args[0]) {
        if (at.op === '[]' || at.op === '[?]') go(at.args[1]);
      }
      if (!isKnown) go(at);
      return;
    }
    case 'call': {
      const [name, args] = node.args;
      if (!FUNCTIONS.has(name))
        throw new ExpressionError(`there is no function ${name}(); there are ${listed(FUNCTIONS)}`);
      return args.forEach((a) => go(a));
    }
    case 'rcall': {
      const [name, receiver, args] = node.args;
      if (!METHODS.has(name)) throw new ExpressionError(`there is no method .${name}(); there are ${listed(METHODS)}`);
      go(receiver);
      if (!LOOPS.has(name)) return args.forEach((a) => go(a));
      const [variable, ...rest] = args;
      const bound = variable?.op === 'id' ? variable.args : undefined;
      if (bound === undefined)
        throw new ExpressionError(`.${name}() needs the name of a variable first, as in .${name}(x, …)`);
      if (isRoot(bound)) throw new ExpressionError(`"${bound}" is taken; give the variable of .${name}() another name`);
      return rest.forEach((a) => go(a, [bound]));
    }
    case 'list':
      return node.args.forEach((a) => go(a));
    case 'map':
      return node.args.forEach(([k, v]) => {
        go(k);
        go(v);
      });
    case '!_':
    case '-_':
      return go(node.args);
    case '?:':
      return node.args.forEach((a) => go(a));
    case '==':
    case '!=':
    case 'in':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '&&':
    case '||':
      outcomeTest(node.op, node.args, variables, found);
      go(node.args[0]);
      return go(node.args[1]);
  }
}

const listed = (set: ReadonlySet<string>) => [...set].join(', ');

/** Notes a chain of names that begins at a root. False when it begins somewhere else. */
function referenced(node: ASTNode, variables: readonly string[], found: Found): boolean {
  const path = pathOf(node);
  if (path === undefined) return false;
  const [first = '', ...rest] = path;
  if (variables.includes(first)) return true;
  if (!isRoot(first)) {
    const remedy = variables.length === 0 ? '' : ` (and ${variables.join(', ')} here)`;
    throw new ExpressionError(
      `there is no "${first}"; there are ${ROOTS.join(', ')}${remedy}, and texts stand in quotes`,
    );
  }
  found.references.push({ root: first, path: rest });
  return true;
}

/** The names of `a.b["c"]`; of `a.b[0].c` those before the index. Undefined when it does not begin with a name. */
function pathOf(node: ASTNode): string[] | undefined {
  const names: string[] = [];
  let at = node;
  for (;;) {
    if (at.op === 'id') {
      names.push(at.args);
      return names.toReversed();
    }
    if (at.op === '.' || at.op === '.?') names.push(at.args[1]);
    else if (at.op === '[]' || at.op === '[?]') {
      const [, index] = at.args;
      if (index.op === 'value' && typeof index.args === 'string') names.push(index.args);
      else names.length = 0;
    } else return undefined;
    at = at.args[0];
  }
}

function outcomeTest(op: string, args: readonly [ASTNode, ASTNode], variables: readonly string[], found: Found): void {
  if (op !== '==' && op !== '!=' && op !== 'in') return;
  const stepOf = (node: ASTNode): string | undefined => {
    const path = pathOf(node);
    const isOutcome =
      path?.length === 3 && path[0] === 'steps' && path[2] === 'outcome' && !variables.includes('steps');
    return isOutcome ? path[1] : undefined;
  };
  const [left, right] = args;
  const step = stepOf(left) ?? (op === 'in' ? undefined : stepOf(right));
  if (step === undefined) return;
  const other = stepOf(left) === undefined ? left : right;
  const values = other.op === 'list' ? other.args : [other];
  const outcomes = values.flatMap((v) => (v.op === 'value' && typeof v.args === 'string' ? [v.args] : []));
  if (outcomes.length > 0) found.outcomeTests.push({ step, outcomes });
}
