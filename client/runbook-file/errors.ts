import type { FileFault } from './source.ts';

/** A document cannot be run as it stands. Lists every reason at once, each with file, line and column. */
export class RunbookFileError extends Error {
  override readonly name = 'RunbookFileError' as const;
  readonly code = 'INVALID_RUNBOOK' as const;
  /** `refresh.yaml:12:5: steps.0.clone.nmae: unknown field; …`. */
  readonly faults: readonly string[];
  readonly places: readonly FileFault[];

  constructor(file: string, places: readonly FileFault[]) {
    const faults = places.map(fileFaultText);
    super(
      faults.length === 1
        ? `The runbook cannot be run: ${faults[0]}`
        : `The runbook ${file} cannot be run, ${faults.length} faults:\n${faults.map((f) => `  ${f}`).join('\n')}`,
    );
    this.faults = faults;
    this.places = places;
  }
}

export const fileFaultText = ({ file, line, column, path, message }: FileFault): string =>
  `${file}:${line}:${column}: ${path.length === 0 ? '' : `${path.join('.')}: `}${message}`;
