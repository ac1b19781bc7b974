import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { forReaders } from './for-readers.ts';

const DAY = 86_400_000;
const WITH_UNIT = 'must be a duration with a unit, such as "30s", "15m", "24h" or "7d"';

/** Characters; nobody writes so many. */
const LENGTH_MAX = 40;

/** What JSON Schema can say of a duration: a number and a unit. */
const durationJSON = {
  maxLength: LENGTH_MAX,
  pattern: String.raw`^(\d+|\d*\.\d+) *[A-Za-z]+$`,
  examples: ['30s', '24h', '7d'],
};

/** A duration as Temporal writes it, at most `maxDays` long. */
export const durationSchema = (maxDays: number) =>
  z
    .string({ error: WITH_UNIT })
    .superRefine((text, ctx) => {
      const value = parseDuration(text);
      if (value === undefined || text.length > LENGTH_MAX) {
        ctx.addIssue({ code: 'custom', message: WITH_UNIT });
      } else if (value < 1_000) {
        ctx.addIssue({ code: 'custom', message: 'must be at least "1s"' });
      } else if (value > maxDays * DAY) {
        ctx.addIssue({ code: 'custom', message: `must be at most "${maxDays}d"` });
      }
    })
    .meta({ description: `A duration of at most ${maxDays} days.`, ...durationJSON, ...forReaders({ maxDays }) });
