import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Larger files first, as is the default, and the matrices spread over the first half of them: small files which keep the processor
 * busy for minutes, beside those that wait. At the end they would have it for themselves, one after the other.
 */
export default class Sequence extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const matrices = sorted.filter(isMatrix);
    const others = sorted.filter((file) => !isMatrix(file));
    const every = Math.max(1, Math.floor(others.length / 2 / Math.max(1, matrices.length)));
    return [...others.flatMap((file, i) => (i % every === 0 ? [...matrices.splice(0, 1), file] : [file])), ...matrices];
  }
}

const isMatrix = ({ moduleId }: TestSpecification) => moduleId.includes('/fault-matrix');
