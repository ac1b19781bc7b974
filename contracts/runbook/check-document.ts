import { ACTIONS, schemaFor } from './actions.ts';
import type { Root } from './cel.ts';
import { ExpressionCheck, type Place, type Scopes } from './check-expressions.ts';
import { NESTED_MAX, structureSchema } from './document.ts';
import { evaluateExpression } from './expression.ts';
import { issueFaults, suggestion, type Fault, type Path } from './fault.ts';
import { graphOf } from './graph.ts';
import { inputFault, NAME, shapeOfInput, whatInputIs } from './input.ts';
import { outputsOf } from './outputs.ts';
import { memberType, ScopeTypes, type StepShape } from './scope-types.ts';
import { kindOfValue, optionsOf, type Fields, type Kind } from './shapes.ts';
import { isTemplate } from './template.ts';
import { INPUT_TYPES, STEP_KINDS, type Json, type RunbookInput, type StepKind } from './types.ts';
import { isObject } from '../json-object.ts';

type Loose = Record<string, unknown>;

/** What is known of a document that may be wrong in places. */
export interface CheckedDocument {
  inputs: Record<string, RunbookInput>;
  outputs: Fields;
}

/** What a step, or its undo, does. */
interface ActionAt {
  kind: StepKind;
  fields: Loose;
  path: Path;
  isUndo: boolean;
}

interface StepAt {
  at: number;
  id: string;
  step: Loose;
  path: Path;
  actions: ActionAt[];
}

const GENERAL: readonly Root[] = ['inputs', 'steps', 'run'];
const LOOP: readonly Root[] = ['item', 'index'];
const ON_CLUSTER = new Set<StepKind>([
  ...(['clone', 'group', 'fanOut', 'copy', 'snapshot', 'modify', 'grant', 'revoke', 'delete', 'lease'] as const),
]);

/** Everything that is wrong with a document, reported at once. `path`: where it stands in the request. */
export function checkDocument(
  document: unknown,
  path: Path,
  report: (fault: Fault) => void,
  depth = 0,
): CheckedDocument {
  const nothing = { inputs: {}, outputs: {} };
  if (depth > NESTED_MAX) {
    report({ path, message: `is nested deeper than ${NESTED_MAX} runbooks` });
    return nothing;
  }
  const parsed = structureSchema.safeParse(document);
  if (!parsed.success) issueFaults(structureSchema, parsed.error.issues, path).forEach(report);
  if (!isObject(document)) return nothing;
  return new DocumentCheck(document, path, report, depth).check();
}

class DocumentCheck {
  private readonly document: Loose;
  private readonly path: Path;
  private readonly report: (fault: Fault) => void;
  private readonly depth: number;
  private readonly steps: StepAt[];

  constructor(document: Loose, path: Path, report: (fault: Fault) => void, depth: number) {
    this.document = document;
    this.path = path;
    this.report = report;
    this.depth = depth;
    const given = Array.isArray(document['steps']) ? (document['steps'] as unknown[]) : [];
    this.steps = given.flatMap((step, at) => (isObject(step) ? [stepAt(step, at, [...path, 'steps', at])] : []));
  }

  check(): CheckedDocument {
    const inputs = this.inputs();
    const named = this.steps.filter((s) => s.id !== '');
    const graph = graphOf(
      named.map(({ at, id, step }) => ({
        at,
        id,
        needs: Array.isArray(step['needs']) ? (step['needs'] as unknown[]) : [],
      })),
      [...this.path, 'steps'],
    );
    graph.faults.forEach(this.report);
    for (const step of this.steps) this.stepRules(step);
    const nested = new Map<ActionAt, CheckedDocument>();
    for (const action of this.steps.flatMap((s) => s.actions)) {
      if (action.kind === 'runbook') nested.set(action, this.nested(action));
    }
    const shapes = new Map<string, StepShape>();
    for (const { id, step, actions } of named.toReversed()) {
      const [action] = actions;
      const outputs =
        action === undefined || action.isUndo
          ? undefined
          : outputsOf(action.kind, action.fields, nested.get(action)?.outputs);
      shapes.set(id, { outputs, isLoop: step['forEach'] !== undefined, allowFailure: step['allowFailure'] === true });
    }
    const shapesOfInputs = Object.fromEntries(
      Object.entries(inputs).map(([name, { type }]) => [name, shapeOfInput(type)]),
    );
    const scopes: Scopes = { inputs: shapesOfInputs, steps: shapes, types: new ScopeTypes(shapesOfInputs, shapes) };
    const expressions = new ExpressionCheck(scopes, this.report);
    for (const step of this.steps) this.step(step, graph.before.get(step.id), expressions, nested);
    return { inputs, outputs: this.ends(expressions) };
  }

  /** The inputs that are declared well. */
  private inputs(): Record<string, RunbookInput> {
    const inputs: Record<string, RunbookInput> = {};
    for (const [name, input] of Object.entries(isObject(this.document['inputs']) ? this.document['inputs'] : {})) {
      if (!isObject(input) || !NAME.test(name) || !(INPUT_TYPES as readonly unknown[]).includes(input['type']))
        continue;
      const declared = input as unknown as RunbookInput;
      const allowed = Array.isArray(declared.enum) ? declared.enum : undefined;
      const { enum: _enum, ...rest } = declared;
      inputs[name] = { ...rest, ...(allowed === undefined ? {} : { enum: allowed }) };
      const path = [...this.path, 'inputs', name];
      for (const [i, value] of (allowed ?? []).entries()) {
        const message = inputFault(value, rest);
        if (message !== undefined) this.report({ path: [...path, 'enum', i], message });
      }
      const message = declared.default === undefined ? undefined : inputFault(declared.default, inputs[name]);
      if (message !== undefined) this.report({ path: [...path, 'default'], message });
    }
    return inputs;
  }

  /** What has nothing to do with expressions. */
  private stepRules({ step, path, actions }: StepAt): void {
    const fault = (field: string, message: string) => this.report({ path: [...path, ...field.split('.')], message });
    if (step['parallel'] !== undefined && step['forEach'] === undefined)
      fault('parallel', 'is for steps with forEach; leave it out');
    for (const { kind, isUndo } of actions) {
      if (kind === 'approval' && isUndo)
        fault('undo.approval', 'nobody can be asked while a run is undone; leave it out');
      if (isUndo) continue;
      if (kind === 'approval' && step['forEach'] !== undefined)
        fault('approval', 'cannot be asked for each item; ask once, in a step before');
      if (kind === 'approval' && step['retry'] !== undefined)
        fault('retry', 'is not for approvals: nobody is asked twice; leave it out');
      if (kind === 'approval' && step['undo'] !== undefined)
        fault('undo', 'is not for approvals, which do nothing that could be undone; put it on the step that does');
      if (kind === 'delete' && step['undo'] !== undefined)
        fault('undo', 'cannot bring back what was deleted; leave it out');
    }
  }

  private nested({ fields, path }: ActionAt): CheckedDocument {
    const { document } = fields;
    if (document === undefined) {
      const isFile = fields['file'] !== undefined;
      this.report({
        path: [...path, isFile ? 'file' : 'document'],
        message: isFile
          ? 'is read with the file that names it; hand in the document itself as document'
          : 'is missing; it must be a document',
      });
      return { inputs: {}, outputs: {} };
    }
    return checkDocument(document, [...path, 'document'], this.report, this.depth + 1);
  }

  private step(
    at: StepAt,
    before: ReadonlySet<string> | undefined,
    expressions: ExpressionCheck,
    nested: ReadonlyMap<ActionAt, CheckedDocument>,
  ): void {
    const { id, step, path } = at;
    const place: Place = {
      roots: GENERAL,
      what: id === '' ? 'this step' : `step "${id}"`,
      id,
      ...(before === undefined ? {} : { before }),
      outcomes: (other) => this.outcomes(other, step['always'] === true),
    };
    if (typeof step['when'] === 'string') {
      const when = expressions.expression(step['when'], [...path, 'when'], place, 'boolean');
      if (when !== undefined) this.constant(step['when'], when.expression.references.length === 0, [...path, 'when']);
    }
    let loop: Partial<Place> = {};
    if (step['forEach'] !== undefined) {
      const given = step['forEach'];
      const list =
        typeof given === 'string' ? expressions.expression(given, [...path, 'forEach'], place, 'list') : undefined;
      loop = { roots: [...GENERAL, ...LOOP], item: list === undefined ? 'dyn' : memberType(list.type) };
    }
    for (const action of at.actions) {
      this.action(
        action,
        { ...place, ...loop, ...(action.isUndo ? { own: id } : {}) },
        expressions,
        nested.get(action),
      );
    }
  }

  /** A `when` that is the same in each run. */
  private constant(when: string, isConstant: boolean, path: Path): void {
    if (!isConstant) return;
    try {
      if (evaluateExpression(when, {}) !== false) return;
      this.report({
        path,
        message:
          'is false in every run, so that the step can never be reached; remove the step, or speak of inputs or steps',
      });
    } catch (err) {
      this.report({ path, message: (err as Error).message });
    }
  }

  /** Which outcomes a step that comes before can have had. */
  private outcomes(id: string, isAlways: boolean): string[] {
    const step = this.steps.find((s) => s.id === id)?.step;
    return [
      'succeeded',
      'skipped',
      ...(isAlways || step?.['allowFailure'] === true ? ['failed'] : []),
      ...(isAlways ? ['cancelled'] : []),
    ];
  }

  private action(
    action: ActionAt,
    place: Place,
    expressions: ExpressionCheck,
    nested: CheckedDocument | undefined,
  ): void {
    const { kind, fields, path } = action;
    const schema = schemaFor(kind, fields);
    // What stands in another document is not this one's.
    const own = kind === 'runbook' ? { ...fields, document: {} } : fields;
    const { file: _file, ...known } = own;
    const parsed = schema.safeParse(kind === 'runbook' ? known : own);
    if (!parsed.success) {
      issueFaults(schema, parsed.error.issues, path, (at) =>
        isTemplate(valueAt(fields, at.slice(path.length))),
      ).forEach(this.report);
    }
    this.clusterRule(action);
    if (kind === 'http') this.httpRules(action);
    const isCondition = kind === 'wait' && fields['volume'] !== undefined;
    const later = kind === 'runbook' ? ['document'] : isCondition ? ['until'] : [];
    const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !later.includes(name)));
    if (kind === 'runbook' && nested !== undefined) this.nestedInputs(action, nested, expressions, place);
    else expressions.fields(rest, optionsOf(schema), path, place);
    if (isCondition && typeof fields['until'] === 'string') {
      const roots: Root[] = ['volume', 'inputs', ...(place.roots.includes('item') ? (['item'] as const) : [])];
      expressions.expression(fields['until'], [...path, 'until'], { ...place, roots, what: 'until' }, 'boolean');
    }
  }

  private clusterRule({ kind, fields, path }: ActionAt): void {
    if (this.document['cluster'] !== undefined) return;
    const missing = (of: unknown, at: Path) => {
      if (!isObject(of) || of['cluster'] !== undefined) return;
      this.report({
        path: [...at, 'cluster'],
        message: `is missing; name a cluster here, or for all steps in the document's cluster`,
      });
    };
    if (ON_CLUSTER.has(kind)) missing(fields, path);
    if (kind === 'refresh') missing(fields['clone'], [...path, 'clone']);
    if (kind === 'wait') missing(fields['volume'], [...path, 'volume']);
  }

  private httpRules({ fields, path }: ActionAt): void {
    if (isTemplate(fields['hook'])) {
      this.report({ path: [...path, 'hook'], message: 'must be named outright: an expression could choose any hook' });
    }
    for (const [name, place] of Object.entries(isObject(fields['outputs']) ? fields['outputs'] : {})) {
      if (isTemplate(place))
        this.report({ path: [...path, 'outputs', name], message: 'cannot have expressions; write the place itself' });
    }
  }

  private nestedInputs(
    { fields, path }: ActionAt,
    nested: CheckedDocument,
    expressions: ExpressionCheck,
    place: Place,
  ): void {
    const given = isObject(fields['inputs']) ? fields['inputs'] : {};
    const at = (name: string) => [...path, 'inputs', name];
    if (isTemplate(fields['inputs'])) {
      expressions.template(fields['inputs'], new Set<Kind>(['object']), [...path, 'inputs'], place);
      return;
    }
    for (const [name, value] of Object.entries(given)) {
      const input = Object.hasOwn(nested.inputs, name) ? nested.inputs[name] : undefined;
      if (input === undefined) {
        const meant = suggestion(name, Object.keys(nested.inputs));
        this.report({
          path: at(name),
          message: `the runbook has no such input${meant === '' ? '; remove it' : meant}`,
        });
      } else if (isTemplate(value)) expressions.template(value, KIND_OF_INPUT[input.type], at(name), place);
      else {
        expressions.fields(value, undefined, at(name), place);
        const message = hasTemplate(value) ? undefined : inputFault(value as Json, input);
        if (message !== undefined) this.report({ path: at(name), message });
      }
    }
    for (const [name, input] of Object.entries(nested.inputs)) {
      if (Object.hasOwn(given, name) || input.default !== undefined) continue;
      this.report({ path: at(name), message: `is missing; it must be ${whatInputIs(input.type)}` });
    }
  }

  /** The cluster and the outputs of the document. */
  private ends(expressions: ExpressionCheck): Fields {
    const { cluster, outputs } = this.document;
    if (typeof cluster === 'string') {
      const path = [...this.path, 'cluster'];
      if (isTemplate(cluster))
        expressions.template(cluster, new Set<Kind>(['text']), path, {
          roots: ['inputs'],
          what: 'the cluster of the document',
        });
      else {
        const parsed = ACTIONS.snapshot.shape.cluster.safeParse(cluster);
        if (!parsed.success) this.report({ path, message: parsed.error.issues[0]!.message });
      }
    }
    const shapes: Record<string, Fields[string]> = {};
    for (const [name, value] of Object.entries(isObject(outputs) ? outputs : {})) {
      const path = [...this.path, 'outputs', name];
      const place: Place = { roots: GENERAL, what: 'outputs' };
      const type = isTemplate(value) ? expressions.template(value, undefined, path, place) : undefined;
      if (!isTemplate(value)) expressions.fields(value, undefined, path, place);
      if (!NAME.test(name)) continue;
      shapes[name] = type === 'int' || type === 'string' || type === 'bool' || type === 'list' ? type : 'dyn';
    }
    return shapes;
  }
}

const KIND_OF_INPUT: Record<RunbookInput['type'], ReadonlySet<Kind>> = {
  string: new Set(['text']),
  cluster: new Set(['text']),
  duration: new Set(['text']),
  integer: new Set(['number']),
  number: new Set(['number']),
  volumeID: new Set(['number']),
  boolean: new Set(['boolean']),
  list: new Set(['list']),
  object: new Set(['object']),
};

function stepAt(step: Loose, at: number, path: Path): StepAt {
  const { undo } = step;
  return {
    at,
    id: typeof step['id'] === 'string' && NAME.test(step['id']) ? step['id'] : '',
    step,
    path,
    actions: [...actionsOf(step, path, false), ...(isObject(undo) ? actionsOf(undo, [...path, 'undo'], true) : [])],
  };
}

const actionsOf = (of: Loose, path: Path, isUndo: boolean): ActionAt[] =>
  STEP_KINDS.flatMap((kind) => {
    const fields = Object.hasOwn(of, kind) ? of[kind] : undefined;
    return isObject(fields) ? [{ kind, fields, path: [...path, kind], isUndo }] : [];
  });

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined;
    at = (at as Loose)[key];
  }
  return at;
}

const hasTemplate = (value: unknown): boolean =>
  isTemplate(value) ||
  (kindOfValue(value) === 'list' || kindOfValue(value) === 'object'
    ? Object.values(value as object).some(hasTemplate)
    : false);
