import { z } from 'zod';

/** IDs, sizes in bytes and counts: whole numbers that JavaScript holds exactly. */
export const int = z.int();
/** An ID that may be missing; some versions of the API say null for that. */
export const intOrNone = z
  .int()
  .nullish()
  .transform((i) => i ?? undefined);
/** UTC, ISO 8601 without fraction. */
export const date = z.string();
/** "No date" is an empty string in volumes and null in snapshots: null here. */
export const dateOrNone = z
  .string()
  .nullish()
  .transform((d) => (d ? d : null));
export const attributes = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((a) => a ?? {});
