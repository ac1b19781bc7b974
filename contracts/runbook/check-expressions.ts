import type { z } from 'zod';
import { parseExpression, type Expression, type Reference, type Root } from './cel.ts';
import { suggestion, type Fault, type Path } from './fault.ts';
import { kindOfType, type ScopeTypes, type StepShape } from './scope-types.ts';
import { kindsOf, memberOf, type Fields, type Kind } from './shapes.ts';
import { expressionIn, isTemplate, piecesOf } from './template.ts';
import { STEP_OUTCOMES } from './types.ts';

/** What all expressions of a document have in common. */
export interface Scopes {
  inputs: Fields;
  steps: ReadonlyMap<string, StepShape>;
  types: ScopeTypes;
}

/** Where an expression stands, and so what it may speak of. */
export interface Place {
  roots: readonly Root[];
  /** How the place is called: `step "copy"`. */
  what: string;
  /** The step that it is of. */
  id?: string;
  /** The steps that come before; undefined: all. */
  before?: ReadonlySet<string>;
  /** In what is done to undo a step: the step. */
  own?: string;
  /** Type of the item. */
  item?: string;
  /** Which outcomes a step can have had here. */
  outcomes?: (step: string) => readonly string[];
}

const NAMES: Record<Kind, string> = {
  number: 'a number',
  text: 'text',
  boolean: 'true or false',
  list: 'a list',
  object: 'an object',
  null: 'null',
};
const oneOf = (kinds: ReadonlySet<Kind>) =>
  [...kinds]
    .filter((k) => k !== 'null')
    .map((k) => NAMES[k])
    .join(' or ');

/** Checks the expressions of a document, one place after the other. */
export class ExpressionCheck {
  private readonly scopes: Scopes;
  private readonly report: (fault: Fault) => void;

  constructor(scopes: Scopes, report: (fault: Fault) => void) {
    this.scopes = scopes;
    this.report = report;
  }

  /** A field that is an expression, bare or as `${…}`. Returns its type when nothing is wrong, and the expression. */
  expression(text: string, path: Path, place: Place, kind: Kind): { type: string; expression: Expression } | undefined {
    const expression = this.read(() => parseExpression(expressionIn(text)), path);
    const type = expression === undefined ? undefined : this.typeOf(expression, path, place);
    if (expression === undefined || type === undefined) return undefined;
    const is = kindOfType(type);
    if (is === undefined || is === kind) return { type, expression };
    this.report({ path, message: `must be ${NAMES[kind]}, and this is ${NAMES[is]}` });
    return undefined;
  }

  /** Whatever stands in a field: its expressions, and whether what they give is of a type that the field takes. */
  fields(value: unknown, schemas: readonly z.ZodType[] | undefined, path: Path, place: Place): void {
    if (Array.isArray(value)) {
      value.forEach((member, i) => this.fields(member, schemas && memberOf(schemas, i), [...path, i], place));
    } else if (value !== null && typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) {
        this.fields(member, schemas && memberOf(schemas, key), [...path, key], place);
      }
    } else if (isTemplate(value))
      this.template(value, schemas && schemas.length > 0 ? kindsOf(schemas) : undefined, path, place);
  }

  /** `takes`: undefined when anything will do. Returns the type of the value, when that is known. */
  template(text: string, takes: ReadonlySet<Kind> | undefined, path: Path, place: Place): string | undefined {
    const pieces = this.read(() => piecesOf(text), path);
    if (pieces === undefined) return undefined;
    const types = pieces.map((piece) => {
      if ('text' in piece) return 'string';
      const expression = this.read(() => parseExpression(piece.expression), path);
      return expression === undefined ? undefined : this.typeOf(expression, path, place);
    });
    const isWhole = pieces.length === 1;
    const type = isWhole ? types[0] : 'string';
    const kind = type === undefined ? undefined : kindOfType(type);
    if (kind === undefined || takes === undefined || takes.size === 0 || takes.has(kind)) return type;
    const remedy = isWhole ? '' : '; let the whole value be one ${…}';
    this.report({
      path,
      message: `must be ${oneOf(takes)}, and ${text.length > 80 ? 'this' : text} is ${NAMES[kind]}${remedy}`,
    });
    return undefined;
  }

  private read<T>(fn: () => T, path: Path): T | undefined {
    try {
      return fn();
    } catch (err) {
      this.report({ path, message: err instanceof Error ? err.message : String(err) });
      return undefined;
    }
  }

  private typeOf(expression: Expression, path: Path, place: Place): string | undefined {
    const faults = [
      ...expression.references.flatMap((reference) => this.referenceFaults(reference, place)),
      ...this.outcomeFaults(expression, place),
    ];
    const quoted = `\${${expression.text.trim().slice(0, 120)}}`;
    for (const message of new Set(faults)) this.report({ path, message: `${quoted}: ${message}` });
    if (faults.length > 0) return undefined;
    const checked = this.scopes.types.check(expression.text, {
      ...(place.item === undefined ? {} : { item: place.item }),
      ...(place.own !== undefined && this.scopes.steps.get(place.own)?.isLoop === true
        ? { own: place.own, steps: stepsIn(expression) }
        : {}),
    });
    if ('type' in checked) return checked.type;
    this.report({ path, message: `${quoted}: ${checked.fault}` });
    return undefined;
  }

  private referenceFaults({ root, path }: Reference, place: Place): string[] {
    if (!place.roots.includes(root)) return [`${WHERE[root]}; ${place.what} knows ${place.roots.join(', ')}`];
    const [name, field] = path;
    if (root === 'inputs' && name !== undefined && !Object.hasOwn(this.scopes.inputs, name)) {
      const meant = suggestion(name, Object.keys(this.scopes.inputs));
      return [`the runbook has no input "${name}"${meant === '' ? '; declare it in inputs' : meant}`];
    }
    if (root !== 'steps') return [];
    if (name === undefined) return ['say of which step: steps.ID'];
    const step = this.scopes.steps.get(name);
    if (step === undefined) return [`there is no step "${name}"${suggestion(name, [...this.scopes.steps.keys()])}`];
    const isOwn = name === place.own;
    if (!isOwn && name === place.id)
      return [`what "${name}" puts out is not there before it has ended; only its undo knows it`];
    if (!isOwn && place.before !== undefined && !place.before.has(name)) {
      return [`${place.what} does not need "${name}", so it may run before; add "${name}" to its needs`];
    }
    if (field === undefined || field === 'outcome' || (step.isLoop && !isOwn && field === 'items')) return [];
    if (step.isLoop && !isOwn) {
      return [
        `"${name}" has forEach, so what it puts out is in steps.${name}.items, one for each; take one, or .map them`,
      ];
    }
    if (step.outputs === undefined || Object.hasOwn(step.outputs, field)) return [];
    const known = [...Object.keys(step.outputs), 'outcome'];
    const meant = suggestion(field, known);
    return [`"${name}" puts out no "${field}"${meant === '' ? `; there are ${known.join(', ')}` : meant}`];
  }

  private outcomeFaults({ outcomeTests }: Expression, { outcomes }: Place): string[] {
    return outcomeTests.flatMap(({ step, outcomes: named }) =>
      named.flatMap((outcome) => {
        if (!(STEP_OUTCOMES as readonly string[]).includes(outcome)) {
          const meant = suggestion(outcome, STEP_OUTCOMES);
          return [
            `there is no outcome "${outcome}"${meant === '' ? `; there are ${STEP_OUTCOMES.join(', ')}` : meant}`,
          ];
        }
        const can = outcomes?.(step);
        if (can === undefined || can.includes(outcome)) return [];
        return [
          `"${step}" is never ${outcome} here, only ${can.join(' or ')}; ${REMEDIES[outcome] ?? 'test for one of these'}`,
        ];
      }),
    );
  }
}

const stepsIn = ({ references }: Expression): string[] =>
  references.flatMap(({ root, path }) => (root === 'steps' && path[0] !== undefined ? [path[0]] : []));

const WHERE: Record<Root, string> = {
  inputs: 'there are no inputs here',
  steps: 'there are no steps here',
  run: 'there is no run here',
  item: 'item is for steps with forEach',
  index: 'index is for steps with forEach',
  volume: 'volume is for until of a wait for a volume',
};

const REMEDIES: Record<string, string> = {
  failed: 'a step that fails ends the run, unless it has allowFailure: true or this one has always: true',
  cancelled: 'let this step run always: true to see it',
};
