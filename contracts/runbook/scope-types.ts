import type { Environment } from '@marcbachmann/cel-js';
import { environment, reasonOf } from './cel.ts';
import type { Fields, Kind, Shape } from './shapes.ts';

/** What the steps of a document put out; undefined: anything. */
export interface StepShape {
  outputs: Fields | undefined;
  isLoop: boolean;
  allowFailure: boolean;
}

const RUN: Fields = { id: 'string', requestId: 'string', startedAt: 'string' };
const OBJECT = /\bobject_\d+\b/g;

/** The types of all that the expressions of one document may speak of. */
export class ScopeTypes {
  private readonly base = environment({ unlistedVariablesAreDyn: false });
  private readonly variants = new Map<string, Environment>();
  private readonly known = new Map<Shape, string>();
  private readonly stepTypes = new Map<string, string>();
  private readonly ownTypes = new Map<string, string>();
  private count = 0;

  constructor(inputs: Fields, steps: ReadonlyMap<string, StepShape>) {
    for (const [id, { outputs, isLoop, allowFailure }] of steps) {
      const own = outputs === undefined ? 'dyn' : this.typeOf({ fields: { ...outputs, outcome: 'string' } });
      this.ownTypes.set(id, own);
      if (!isLoop) this.stepTypes.set(id, own);
      else {
        const failed: Fields = allowFailure ? { outcome: 'string', error: 'string' } : {};
        const item: Shape = outputs === undefined ? 'dyn' : { fields: { ...outputs, ...failed } };
        this.stepTypes.set(id, this.typeOf({ fields: { items: { list: item }, outcome: 'string' } }));
      }
    }
    this.base.registerVariable('inputs', this.typeOf({ fields: inputs }));
    this.base.registerVariable('run', this.typeOf({ fields: RUN }));
    this.base.registerVariable('index', 'int');
    this.base.registerVariable('volume', 'dyn');
  }

  /**
   * The type of an expression, or why it cannot be. `item`: type of the item, where there is one; `own`: the step that is
   * undone, of which the outputs are those of one item, and the steps that the expression speaks of.
   */
  check(
    text: string,
    { item = 'dyn', own, steps = [] }: { item?: string; own?: string; steps?: readonly string[] } = {},
  ): { type: string } | { fault: string } {
    const { valid, type, error } = this.variant(item, own, steps).check(text);
    if (valid && type !== undefined) return { type };
    return { fault: readable(reasonOf(error)) };
  }

  private variant(item: string, own: string | undefined, names: readonly string[]): Environment {
    const key = own === undefined ? item : `${item} ${own} ${names.join(' ')}`;
    const made = this.variants.get(key);
    if (made !== undefined) return made;
    const env = this.base.clone();
    const typeOf = (id: string) => (id === own ? this.ownTypes : this.stepTypes).get(id) ?? 'dyn';
    const fields = Object.fromEntries(
      (own === undefined ? [...this.stepTypes.keys()] : names).map((id) => [id, typeOf(id)]),
    );
    env.registerType('object_steps', { fields });
    env.registerVariable('steps', 'object_steps');
    env.registerVariable('item', item);
    this.variants.set(key, env);
    return env;
  }

  private typeOf(shape: Shape): string {
    if (typeof shape === 'string') return shape;
    const known = this.known.get(shape);
    if (known !== undefined) return known;
    if ('list' in shape) return `list<${this.typeOf(shape.list)}>`;
    const fields = Object.fromEntries(Object.entries(shape.fields).map(([name, of]) => [name, this.typeOf(of)]));
    this.count += 1;
    const name = `object_${this.count}`;
    this.base.registerType(name, { fields });
    this.known.set(shape, name);
    return name;
  }
}

const readable = (message: string) =>
  message
    .replace(OBJECT, 'object')
    .replace(/^No such key: (.*)$/, 'there is no "$1"')
    .replace(/^no such overload: (.*)$/, 'this cannot be done with these types: $1');

/** The kind of JSON value that a type is of; undefined: any. */
export function kindOfType(type: string): Kind | undefined {
  if (type === 'int' || type === 'double' || type === 'uint') return 'number';
  if (type === 'string') return 'text';
  if (type === 'bool') return 'boolean';
  if (type === 'null') return 'null';
  if (type.startsWith('list')) return 'list';
  if (type.startsWith('map') || type.startsWith('object_')) return 'object';
  return undefined;
}

/** The type of the members of a list. */
export const memberType = (type: string): string => /^list<(.+)>$/.exec(type)?.[1] ?? 'dyn';
