import type { z } from 'zod';

/** One sentence per fault, each beginning with the path of the field: `modify.qos.minIOPS: must be …`. */
export function describeFaults(error: z.ZodError, root = 'request'): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.') || root;
    if (issue.code === 'unrecognized_keys') {
      const where = issue.path.length > 0 ? `${path}.` : '';
      return issue.keys.map((key) => `${where}${key}: unknown field; remove it or correct its spelling`);
    }
    if (issue.code === 'invalid_key') return [`${path}: this name of a member cannot be used`];
    return [`${path}: ${issue.message}`];
  });
}

/** The request cannot be done as it stands. `faults` lists every reason at once, each beginning with the field. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError' as const;
  readonly faults: readonly string[];

  constructor(faults: readonly string[], what: 'request' | 'schedule' = 'request') {
    super(
      faults.length === 1
        ? `The ${what} is not valid: ${faults[0]}`
        : `The ${what} is not valid, ${faults.length} faults:\n${faults.map((f) => `  - ${f}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

/** Bytes of JSON of a whole request. Temporal itself refuses what is a little larger, in words of its own. */
export const REQUEST_BYTES_MAX = 2_000_000;

/** What is wrong with the size of a request as JSON; undefined when nothing is. */
export function sizeFault(input: unknown): string | undefined {
  let text: string | undefined;
  try {
    text = JSON.stringify(input);
  } catch {
    // No JSON at all: the schema finds the place.
    return undefined;
  }
  const bytes = text === undefined ? 0 : new TextEncoder().encode(text).length;
  if (bytes <= REQUEST_BYTES_MAX) return undefined;
  return `request: must be at most ${REQUEST_BYTES_MAX} bytes of JSON; it has ${bytes}`;
}

/** What came in, checked. Throws `InvalidRequestError` with every fault at once. */
export function parseRequest<T>(schema: z.ZodType<T>, input: unknown): T {
  const tooLarge = sizeFault(input);
  if (tooLarge !== undefined) throw new InvalidRequestError([tooLarge]);
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new InvalidRequestError(describeFaults(parsed.error));
  return parsed.data;
}
