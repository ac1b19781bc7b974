import type { Fault, Path } from './fault.ts';
import { suggestion } from './fault.ts';

/** A step as far as the graph goes. */
interface Node {
  /** Place in the list. */
  at: number;
  id: string;
  needs: readonly unknown[];
}

export interface Graph {
  faults: Fault[];
  ids: string[];
  /** By ID: all that come before it. Of steps in a circle, and behind one, nothing is known. */
  before: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What is wrong with IDs and needs, and what comes before what. */
export function graphOf(nodes: readonly Node[], path: Path): Graph {
  const faults: Fault[] = [];
  const fault = (at: number, field: string, message: string) =>
    void faults.push({ path: [...path, at, ...field.split('.')], message });
  const byID = new Map<string, Node>();
  for (const node of nodes) {
    const first = byID.get(node.id);
    if (first === undefined) byID.set(node.id, node);
    else fault(node.at, 'id', `"${node.id}" is there twice (steps.${first.at}); give one of them another ID`);
  }
  const ids = [...byID.keys()];
  const needs = new Map<string, Set<string>>();
  for (const { at, id, needs: given } of nodes) {
    const of = needs.get(id) ?? new Set();
    needs.set(id, of);
    const seen = new Set<unknown>();
    for (const [i, need] of given.entries()) {
      if (typeof need !== 'string') continue;
      if (!byID.has(need)) {
        const meant = suggestion(need, ids);
        fault(
          at,
          `needs.${i}`,
          `there is no step "${need.slice(0, 60)}"${meant === '' ? '; remove it or correct its spelling' : meant}`,
        );
      } else if (seen.has(need)) fault(at, `needs.${i}`, `"${need}" is named twice; once is enough`);
      else of.add(need);
      seen.add(need);
    }
  }
  const before = ancestors(needs);
  for (const circle of circles(needs, before)) {
    fault(
      byID.get(circle[0]!)!.at,
      'needs',
      `"${circle[0]}" needs itself: ${[...circle, circle[0]].join(' → ')}; take one of these needs away`,
    );
  }
  return { faults, ids, before };
}

type Needs = ReadonlyMap<string, ReadonlySet<string>>;

/** By ID all that must come before; without those that never can be. */
function ancestors(needs: Needs): Map<string, Set<string>> {
  const before = new Map<string, Set<string>>();
  const dependents = new Map<string, string[]>();
  const missing = new Map<string, number>();
  for (const [id, of] of needs) {
    missing.set(id, of.size);
    for (const need of of) dependents.set(need, [...(dependents.get(need) ?? []), id]);
  }
  const ready = [...needs.keys()].filter((id) => missing.get(id) === 0);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    const all = new Set<string>();
    for (const need of needs.get(id)!) {
      all.add(need);
      for (const other of before.get(need)!) all.add(other);
    }
    before.set(id, all);
    for (const dependent of dependents.get(id) ?? []) {
      const left = missing.get(dependent)! - 1;
      missing.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  return before;
}

/** One circle for each set of steps that wait for one another. */
function circles(needs: Needs, before: ReadonlyMap<string, unknown>): string[][] {
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const start of needs.keys()) {
    const way: string[] = [];
    // Of what can never be each needs another one that can never be, so that the way ends in a circle.
    for (let id: string | undefined = start; id !== undefined && !before.has(id);) {
      if (seen.has(id)) {
        const from = way.indexOf(id);
        if (from !== -1) found.push(way.slice(from));
        break;
      }
      seen.add(id);
      way.push(id);
      id = [...needs.get(id)!].find((need) => !before.has(need));
    }
  }
  return found;
}
