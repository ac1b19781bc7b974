import type { z } from 'zod';
import { MUST_BE_NAME } from './input.ts';
import { keysOf, memberOf, optionsOf } from './shapes.ts';

export type Path = readonly (string | number)[];

/** What is wrong, where, and what to do. `path`: from the top of the document or the request. */
export interface Fault {
  path: Path;
  message: string;
}

/** `runbook.steps.0.clone.volumeID: must be …`. */
export const faultText = ({ path, message }: Fault, root = 'request') => `${path.join('.') || root}: ${message}`;

/** More are not read by anybody. */
const SHOWN_MAX = 100;

/** The texts of faults, each once. */
export function faultTexts(faults: readonly Fault[]): string[] {
  const texts = [...new Set(faults.map((f) => faultText(f)))];
  if (texts.length <= SHOWN_MAX) return texts;
  return [...texts.slice(0, SHOWN_MAX), `request: and ${texts.length - SHOWN_MAX} more faults`];
}

/** ` Did you mean "needs"?`, when there is one so like it. */
export function suggestion(given: string, there: readonly string[]): string {
  if (given.length < 3 || given.length > 60) return '';
  const lower = given.toLowerCase();
  const most = Math.min(3, Math.floor(given.length / 3));
  let best: { name: string; distance: number } | undefined;
  for (const name of there) {
    if (Math.abs(name.length - given.length) > most) continue;
    const distance = distanceOf(lower, name.toLowerCase());
    if (distance <= most && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  return best === undefined ? '' : `; did you mean "${best.name}"?`;
}

/** Insertions, deletions, replacements, and swaps of neighbours, from one to the other. */
function distanceOf(a: string, b: string): number {
  let [last, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (same ? 0 : 1), isSwap ? last[j - 2]! + 1 : Infinity),
      );
    }
    [last, row] = [row, next];
  }
  return row[b.length]!;
}

type Issue = z.core.$ZodIssue;

const withPath = (base: Path, path: readonly PropertyKey[]): Path => [
  ...base,
  ...path.map((p) => (typeof p === 'number' ? p : String(p))),
];

/** What a schema has found, with the names that were probably meant. `isOpen`: where there is no value yet. */
export function issueFaults(
  schema: z.ZodType,
  issues: readonly Issue[],
  base: Path,
  isOpen: (path: Path) => boolean = () => false,
): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = withPath(base, issue.path);
    if (!isReal(issue, base, isOpen)) return [];
    if (issue.code === 'invalid_key') return [{ path, message: `this name cannot be used: it ${MUST_BE_NAME}` }];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    const known = keysOf(issue.path.reduce((at, key) => memberOf(at, key), optionsOf(schema)));
    return issue.keys.map((key) => {
      const meant = suggestion(key, known);
      const remedy = meant === '' ? '; remove it or correct its spelling' : meant;
      const have = meant === '' && known.length > 0 && known.length <= 30 ? ` (there are ${known.join(', ')})` : '';
      return { path: [...path, key], message: `unknown field${remedy}${have}` };
    });
  });
}

/** Whether it holds whatever the values of the expressions are. */
function isReal(issue: Issue, base: Path, isOpen: (path: Path) => boolean): boolean {
  const path = withPath(base, issue.path);
  const isNever = issue.code === 'invalid_type' && (issue as { expected?: string }).expected === 'never';
  if (isOpen(path)) return isNever;
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return true;
  return issue.errors.every((option) => option.some((inner) => isReal(inner, path, isOpen)));
}
