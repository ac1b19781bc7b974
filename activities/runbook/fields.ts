import { ApplicationFailure } from '@temporalio/activity';
import type { z } from 'zod';
import { InvalidRequestError, parseRequest } from '../../contracts/faults.ts';
import { FAILURE } from '../../contracts/names.ts';
import type { Fields } from './types.ts';

/** The fields of a step with the values of its expressions. Nothing was done when they cannot be used. */
export function readFields<T>(schema: z.ZodType<T>, fields: Fields): T {
  try {
    return parseRequest(schema, fields);
  } catch (err) {
    if (!(err instanceof InvalidRequestError)) throw err;
    throw ApplicationFailure.create({
      type: FAILURE.invalidRequest,
      message: err.faults.join('; '),
      nonRetryable: true,
      details: [err.faults],
    });
  }
}
