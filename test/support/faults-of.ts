import { readFileSync } from 'node:fs';
// Comes with the bundler of @temporalio/worker.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { InvalidRequestError } from '../../contracts/faults.ts';
import { PARSE } from '../../contracts/parse.ts';

export type RequestType = keyof typeof PARSE;

/** What JSON Schema has no words for; docs/composing.md lists the same. The worker refuses it all the same. */
export const BEYOND_JSON_SCHEMA = [
  /must be at least "1s"$/,
  /must be at most "\d+d"$/,
  /must be a duration with a unit/, // of a unit that there is not
  /must be a time with a zone/, // of a day that there is not
  /^modify\.qos\.(minIOPS|maxIOPS): must not exceed/,
  /is (named|called) .*(already|before)/, // members that are told apart by one field
  /^(volumes|clones)\.\d+\.(leaseMax|leaseGrace): is for a clone with a lease/,
  /^(leaseMax|leaseGrace): is for a clone with a lease/, // of several clones
  /^dstVolumeID: is the volume that is read/,
  /^nameTemplate: /,
  /^timeZone: /,
  /^hooks\.\w+.*: must be at most \d+ bytes/,
];

const schemas = new Map<string, ValidateFunction>();

/** Of a file of schemas/. */
export function published(file: string): ValidateFunction {
  let found = schemas.get(file);
  if (found === undefined) {
    const schema = JSON.parse(readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8')) as object;
    found = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, validateFormats: false }).compile(
      schema,
    );
    schemas.set(file, found);
  }
  return found;
}

/**
 * What is wrong with a request, as its contract says. Checks on the way that the published JSON Schema says the same as far
 * as it can: it takes what is right, and refuses what has any fault that it has words for.
 */
export function faultsOf(type: RequestType, input: unknown): readonly string[] {
  const faults = faultsByContract(type, input);
  const text = JSON.stringify(input) as string | undefined;
  if (text !== undefined) {
    const json: unknown = JSON.parse(text);
    // Of what is sent, not of what JavaScript can hold besides.
    const sayable = faultsByContract(type, json).filter((f) => !BEYOND_JSON_SCHEMA.some((pattern) => pattern.test(f)));
    const validate = published(`${type}.request.schema.json`);
    const taken = validate(json);
    expect(taken, `${type}.request.schema.json on ${text}: ${JSON.stringify(validate.errors)}`).toBe(
      sayable.length === 0 && !(faults.length > 0 && !taken),
    );
  }
  return faults;
}

function faultsByContract(type: RequestType, input: unknown): readonly string[] {
  try {
    PARSE[type](input);
  } catch (err) {
    if (err instanceof InvalidRequestError) return err.faults;
    throw err;
  }
  return [];
}
