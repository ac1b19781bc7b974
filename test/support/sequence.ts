import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** One in so many files is a matrix, until there are none left. */
const EVERY = 4;

/**
 * Larger files first, as is the default, and among them the matrices: small files which keep the processor busy for minutes, beside
 * those that wait. At the end they would have it for themselves, one after the other.
 */
export default class Sequence extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const matrices = sorted.filter(isMatrix);
    const others = sorted.filter((file) => !isMatrix(file));
    return others
      .flatMap((file, i) => (i % (EVERY - 1) === 0 ? [...matrices.splice(0, 1), file] : [file]))
      .concat(matrices);
  }
}

const isMatrix = ({ moduleId }: TestSpecification) => moduleId.includes('/fault-matrix');
