import type { z } from 'zod';

/*
 * What is known of a value before there is one: of an output, of an input, of what a field takes.
 */

export type Shape =
  'int' | 'double' | 'string' | 'bool' | 'list' | 'map' | 'dyn' | { list: Shape } | { fields: Fields };
export type Fields = { readonly [name: string]: Shape };

/** The kinds of JSON values that a field takes. */
export type Kind = 'number' | 'text' | 'boolean' | 'list' | 'object' | 'null';

const def = (schema: z.ZodType) => schema.def as unknown as Record<string, unknown> & { type: string };

/** The schema without what may be missing, and each that it may be. */
export function optionsOf(schema: z.ZodType): z.ZodType[] {
  const of = def(schema);
  switch (of.type) {
    case 'optional':
    case 'nonoptional':
    case 'default':
    case 'readonly':
      return optionsOf(of['innerType'] as z.ZodType);
    case 'nullable':
      return [schema, ...optionsOf(of['innerType'] as z.ZodType)];
    case 'lazy':
      return optionsOf((of['getter'] as () => z.ZodType)());
    case 'union':
      return (of['options'] as z.ZodType[]).flatMap(optionsOf);
    default:
      return [schema];
  }
}

/** The schemas of a member; none when there is no such member. */
export function memberOf(schemas: readonly z.ZodType[], key: PropertyKey): z.ZodType[] {
  return schemas.flatMap((schema) => {
    const of = def(schema);
    if (of.type === 'object') {
      const shape = of['shape'] as Record<string, z.ZodType>;
      return typeof key === 'string' && Object.hasOwn(shape, key) ? optionsOf(shape[key]!) : [];
    }
    if (of.type === 'array') return typeof key === 'number' ? optionsOf(of['element'] as z.ZodType) : [];
    if (of.type === 'record') return optionsOf(of['valueType'] as z.ZodType);
    return [];
  });
}

/** The names of the members that there can be; none when any name will do. */
export const keysOf = (schemas: readonly z.ZodType[]): string[] =>
  schemas.flatMap((schema) => {
    const of = def(schema);
    return of.type === 'object' ? Object.keys(of['shape'] as object) : [];
  });

/** What a field takes; undefined when anything. */
export function kindsOf(schemas: readonly z.ZodType[]): Set<Kind> | undefined {
  const kinds = new Set<Kind>();
  for (const schema of schemas) {
    const of = def(schema);
    switch (of.type) {
      case 'string':
        kinds.add('text');
        break;
      case 'number':
      case 'int':
        kinds.add('number');
        break;
      case 'boolean':
        kinds.add('boolean');
        break;
      case 'array':
        kinds.add('list');
        break;
      case 'object':
      case 'record':
        kinds.add('object');
        break;
      case 'null':
      case 'nullable':
        kinds.add('null');
        break;
      case 'enum':
        for (const value of Object.values(of['entries'] as object)) kinds.add(kindOfValue(value));
        break;
      case 'literal':
        for (const value of of['values'] as unknown[]) kinds.add(kindOfValue(value));
        break;
      case 'never':
        break;
      default:
        return undefined;
    }
  }
  return kinds;
}

export function kindOfValue(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'object';
}

/** What an expression may expect of what a schema describes. */
export function shapeOf(schema: z.ZodType): Shape {
  const options = optionsOf(schema);
  const [only] = options;
  if (only === undefined || options.length > 1) return 'dyn';
  const of = def(only);
  switch (of.type) {
    case 'string':
    case 'enum':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return typeof of['format'] === 'string' && of['format'].includes('int') ? 'int' : 'dyn';
    case 'array':
      return { list: shapeOf(of['element'] as z.ZodType) };
    case 'object':
      return {
        fields: Object.fromEntries(
          Object.entries(of['shape'] as Record<string, z.ZodType>).map(([name, member]) => [name, shapeOf(member)]),
        ),
      };
    case 'record':
      return 'map';
    default:
      return 'dyn';
  }
}

export const fieldsOf = (schema: z.ZodType): Fields => {
  const shape = shapeOf(schema);
  return typeof shape === 'object' && 'fields' in shape ? shape.fields : {};
};
