import { asText } from './json-value.ts';
import { schemaFor } from './actions.ts';
import { parseExpression, type Expression } from './cel.ts';
import { valueOf } from './expression.ts';
import { issueFaults, type Fault, type Path } from './fault.ts';
import { DEFAULT_RUNBOOK_TIMEOUT } from './names.ts';
import { plannedCalls } from './planned-calls.ts';
import { expressionIn, isTemplate, piecesOf } from './template.ts';
import {
  STEP_KINDS,
  type InputType,
  type Json,
  type RunbookAction,
  type RunbookDocument,
  type RunbookStep,
  type StepKind,
} from './types.ts';
import { isObject } from '../json-object.ts';

/** What is to be done in one place, with the values that are known before. */
export interface PlannedAction {
  kind: StepKind;
  /** What is not known before stands as `${…}`. */
  fields: { [field: string]: Json };
  /** Workflows that are started, calls of the Element API that change something, and hooks, in their order. */
  calls: string[];
  /** Of a nested runbook. */
  runbook?: RunbookPlan;
}

export interface PlannedStep extends PlannedAction {
  id: string;
  title?: string;
  /** 1 for steps that need nothing; a step begins when all that it needs, of lower levels, has ended. */
  level: number;
  needs: string[];
  /** Its condition: what it is for these inputs, or its text when that shows only in the run. */
  when?: boolean | string;
  /** The list, or its text when that shows only in the run. */
  forEach?: Json[] | string;
  parallel?: number;
  always?: true;
  allowFailure?: true;
  retry?: RunbookStep['retry'];
  timeout?: string;
  undo?: PlannedAction;
}

/** What a run would do. */
export interface RunbookPlan {
  name: string;
  description?: string;
  cluster?: string;
  timeout: string;
  /** `value` is missing where none was given. */
  inputs: { name: string; type: InputType; value?: Json; isDefault?: true; description?: string }[];
  /** In an order in which they could be done. */
  steps: PlannedStep[];
  outputs: { [name: string]: Json };
}

/** What a run of a document that was checked would do with these inputs, and what is wrong with their values. */
export function planRunbook(
  document: RunbookDocument,
  inputs: Readonly<Record<string, Json>>,
): { plan: RunbookPlan; faults: Fault[] } {
  const faults: Fault[] = [];
  return { plan: new Planner(document, inputs, [], faults).plan(), faults };
}

/** What is known before: of the inputs, and of an item of a list that is known. */
type Known = { inputs: Record<string, Json>; item?: Json; index?: number };

/** Items of a list that are looked at. */
const ITEMS_MAX = 200;

class Planner {
  private readonly document: RunbookDocument;
  private readonly given: Readonly<Record<string, Json>>;
  private readonly path: Path;
  private readonly faults: Fault[];
  private readonly scope: Known;

  constructor(
    document: RunbookDocument,
    given: Readonly<Record<string, Json>>,
    path: Path,
    faults: Fault[],
    item: Pick<Known, 'item' | 'index'> = {},
  ) {
    this.document = document;
    this.given = given;
    this.path = path;
    this.faults = faults;
    const values = Object.entries(document.inputs ?? {}).flatMap(([name, input]) => {
      const value = Object.hasOwn(given, name) ? given[name] : input.default;
      // What comes from another step is not known either.
      return value === undefined || hasTemplate(value) ? [] : [[name, value] as const];
    });
    this.scope = { inputs: Object.fromEntries(values), ...item };
  }

  plan(): RunbookPlan {
    const {
      name,
      description,
      cluster,
      timeout = DEFAULT_RUNBOOK_TIMEOUT,
      inputs = {},
      steps,
      outputs = {},
    } = this.document;
    const levels = levelsOf(steps);
    const planned = steps.map((step, i) => this.step(step, levels.get(step.id)!, [...this.path, 'steps', i]));
    return {
      name,
      ...(description === undefined ? {} : { description }),
      ...(cluster === undefined ? {} : { cluster: asText(this.known(cluster, [...this.path, 'cluster'])) }),
      timeout,
      inputs: Object.entries(inputs).map(([key, { type, default: standard, description: words }]) => ({
        ...{ name: key, type },
        ...(Object.hasOwn(this.scope.inputs, key) ? { value: this.scope.inputs[key]! } : {}),
        ...(!Object.hasOwn(this.given, key) && standard !== undefined ? { isDefault: true as const } : {}),
        ...(words === undefined ? {} : { description: words }),
      })),
      steps: planned.toSorted((a, b) => a.level - b.level),
      outputs: this.known(outputs, [...this.path, 'outputs']) as { [name: string]: Json },
    };
  }

  private step(step: RunbookStep, level: number, path: Path): PlannedStep {
    const { id, title, needs = [], when, forEach, parallel, always, allowFailure, retry, timeout, undo } = step;
    const list = forEach === undefined ? undefined : this.expression(forEach, [...path, 'forEach']);
    if (Array.isArray(list)) this.checkItems(step, list, path);
    return {
      ...{ id, level, needs },
      ...(title === undefined ? {} : { title }),
      ...(when === undefined ? {} : { when: this.expression(when, [...path, 'when']) as boolean | string }),
      ...(forEach === undefined ? {} : { forEach: list as Json[] | string }),
      ...(parallel === undefined ? {} : { parallel }),
      ...(always === true ? { always } : {}),
      ...(allowFailure === true ? { allowFailure } : {}),
      ...(retry === undefined ? {} : { retry }),
      ...(timeout === undefined ? {} : { timeout }),
      ...this.action(step, path),
      ...(undo === undefined ? {} : { undo: this.action(undo, [...path, 'undo']) }),
    };
  }

  /** What is wrong with the values for the items of a list. */
  private checkItems(step: RunbookStep, items: readonly Json[], path: Path): void {
    for (const [index, item] of items.slice(0, ITEMS_MAX).entries()) {
      const faults: Fault[] = [];
      new Planner(this.document, this.given, this.path, faults, { item, index }).action(step, path);
      const which = `for item ${index}, ${JSON.stringify(item).slice(0, 80)}: `;
      for (const fault of faults) this.faults.push({ ...fault, message: `${which}${fault.message}` });
    }
  }

  private action(action: RunbookAction, at: Path): PlannedAction {
    const kind = STEP_KINDS.find((k) => action[k] !== undefined)!;
    const path = [...at, kind];
    const given = action[kind]!;
    if (kind === 'runbook') return this.nested(given, path);
    const isCondition = kind === 'wait' && given['volume'] !== undefined;
    const fields = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        isCondition && name === 'until' ? value : this.known(value, [...path, name]),
      ]),
    );
    const schema = schemaFor(kind, fields);
    const parsed = schema.safeParse(fields);
    if (!parsed.success) {
      this.faults.push(
        ...issueFaults(schema, parsed.error.issues, path, (place) =>
          isTemplate(valueAt(fields, place.slice(path.length))),
        ),
      );
    }
    return { kind, fields, calls: plannedCalls(kind, fields) };
  }

  private nested(given: { [field: string]: Json }, path: Path): PlannedAction {
    const inputs = this.known(given['inputs'] ?? {}, [...path, 'inputs']);
    const values = isObject(inputs) ? inputs : {};
    const document = given['document'] as unknown as RunbookDocument;
    const plan = new Planner(document, values, [...path, 'document'], this.faults).plan();
    return { kind: 'runbook', fields: { inputs }, calls: ['workflow runbook'], runbook: plan };
  }

  /** The value of a field that is an expression, or its text. */
  private expression(text: string, path: Path): Json {
    const inner = expressionIn(text);
    return this.value(parseExpression(inner), path) ?? `\${${inner}}`;
  }

  /** What stands there, with the values that are known. */
  private known(template: Json, path: Path): Json {
    if (Array.isArray(template)) return template.map((t, i) => this.known(t, [...path, i]));
    if (template !== null && typeof template === 'object') {
      return Object.fromEntries(Object.entries(template).map(([k, v]) => [k, this.known(v, [...path, k])]));
    }
    if (!isTemplate(template)) return template;
    const values = piecesOf(template).map((piece) => {
      if ('text' in piece) return piece.text;
      return this.value(parseExpression(piece.expression), path) ?? `\${${piece.expression}}`;
    });
    const [only] = values;
    if (values.length === 1 && only !== undefined) return only;
    return values.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join('');
  }

  /** Undefined when it shows only in the run. */
  private value(expression: Expression, path: Path): Json | undefined {
    const isKnown = expression.references.every(({ root, path: [name] }) => {
      if (root === 'item' || root === 'index') return this.scope[root] !== undefined;
      return root === 'inputs' && name !== undefined && Object.hasOwn(this.scope.inputs, name);
    });
    if (!isKnown) return undefined;
    try {
      return valueOf(expression, { ...this.scope });
    } catch (err) {
      this.faults.push({ path, message: err instanceof Error ? err.message : String(err) });
      return undefined;
    }
  }
}

/** The longest way from a step that needs nothing, which has 1. */
function levelsOf(steps: readonly RunbookStep[]): Map<string, number> {
  const needs = new Map(steps.map((s) => [s.id, s.needs ?? []]));
  const levels = new Map<string, number>();
  // There is no circle: each round finds a level at least.
  while (levels.size < needs.size) {
    const before = levels.size;
    for (const [id, of] of needs) {
      if (levels.has(id) || !of.every((need) => levels.has(need))) continue;
      levels.set(id, 1 + Math.max(0, ...of.map((need) => levels.get(need)!)));
    }
    if (levels.size === before)
      throw new Error('steps that need one another cannot be planned; check the document first');
  }
  return levels;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

const hasTemplate = (value: Json): boolean =>
  isTemplate(value) || (value !== null && typeof value === 'object' && Object.values(value).some(hasTemplate));
