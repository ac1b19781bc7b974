import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { documentFaults } from '../../contracts/runbook/check.ts';
import { NESTED_MAX } from '../../contracts/runbook/document.ts';
import type { Fault, Path } from '../../contracts/runbook/fault.ts';
import type { RunbookDocument } from '../../contracts/runbook/types.ts';
import { RunbookFileError } from './errors.ts';
import { Source, type FileFault } from './source.ts';
import { isObject } from '../../contracts/json-object.ts';

/** A document of a file, with those of the files that it names in their places. */
export interface RunbookFile {
  document: RunbookDocument;
  /** Where a fault of the document stands. */
  place: (fault: Fault) => FileFault;
}

export interface LoadOptions {
  /** Reads a file. Default: that of the file system. */
  read?: (file: string) => Promise<string>;
}

/**
 * Reads and checks a document of YAML or JSON. `runbook: {file: …}` of a step names another file, relative to its own.
 * @throws RunbookFileError with every fault: where it stands, and what to do
 */
export async function loadRunbook(file: string, options: LoadOptions = {}): Promise<RunbookDocument> {
  return (await loadRunbookFile(file, options)).document;
}

export async function loadRunbookFile(
  file: string,
  { read = (name) => readFile(name, 'utf8') }: LoadOptions = {},
): Promise<RunbookFile> {
  const loader = new Loader(read);
  const value = await loader.load(file, [], []);
  if (loader.faults.length > 0) throw new RunbookFileError(file, inOrder(loader.faults));
  const place = (fault: Fault) => loader.place(fault);
  const faults = documentFaults(value).map(place);
  if (faults.length > 0) throw new RunbookFileError(file, inOrder(faults));
  return { document: value as RunbookDocument, place };
}

/** By file in the order in which they were read, and by place. */
function inOrder(faults: readonly FileFault[]): FileFault[] {
  const files = [...new Set(faults.map((f) => f.file))];
  return faults.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

class Loader {
  readonly faults: FileFault[] = [];
  private readonly read: (file: string) => Promise<string>;
  private readonly sources = new Map<string, Source>();
  /** What stands where in the whole. */
  private readonly mounts: { at: Path; source: Source }[] = [];

  constructor(read: (file: string) => Promise<string>) {
    this.read = read;
  }

  /** `chain`: the files that led to this one. */
  async load(file: string, at: Path, chain: readonly string[]): Promise<unknown> {
    const source = await this.source(file);
    this.mounts.push({ at, source });
    if (source.value === undefined) return undefined;
    // Each place has a document of its own: the same file may be named twice.
    const document = structuredClone(source.value);
    const steps = isObject(document) && Array.isArray(document['steps']) ? (document['steps'] as unknown[]) : [];
    for (const [i, step] of steps.entries()) {
      if (!isObject(step)) continue;
      await this.inline(step['runbook'], { source, path: ['steps', i, 'runbook'], at, chain });
      if (isObject(step['undo']))
        await this.inline(step['undo']['runbook'], { source, path: ['steps', i, 'undo', 'runbook'], at, chain });
    }
    return document;
  }

  /** Puts the document in the place of `file`. */
  private async inline(
    of: unknown,
    { source, path, at, chain }: { source: Source; path: Path; at: Path; chain: readonly string[] },
  ): Promise<void> {
    if (!isObject(of) || of['file'] === undefined) return;
    const here = [...path, 'file'];
    const fault = (message: string) =>
      void this.faults.push({ file: source.file, ...source.locate(here), path: here, message });
    const { file } = of;
    if (typeof file !== 'string' || file === '') return fault('must be the path of a file, relative to this one');
    if (file.includes('${')) return fault('cannot have expressions: the file is read before the run');
    if (of['document'] !== undefined) return fault('stands beside document; give one of them');
    const name = isAbsolute(file) ? file : join(dirname(source.file), file);
    const real = resolve(name);
    const way = [...chain, resolve(source.file)];
    if (way.includes(real)) return fault(`runs itself: ${[...way, real].map((f) => f.split('/').at(-1)).join(' → ')}`);
    if (way.length > NESTED_MAX) return fault(`is nested deeper than ${NESTED_MAX} runbooks`);
    if (this.mounts.length > 200) return fault('there are more than 200 runbooks in it');
    delete of['file'];
    try {
      of['document'] = await this.load(name, [...at, ...path, 'document'], way);
    } catch (err) {
      fault(`${name} cannot be read: ${err instanceof Error ? err.message : String(err)}`);
    }
  }

  private async source(file: string): Promise<Source> {
    const known = this.sources.get(file);
    if (known !== undefined) return known;
    const source = new Source(file, await this.read(file));
    this.sources.set(file, source);
    this.faults.push(...source.faults);
    return source;
  }

  place({ path, message }: Fault): FileFault {
    const within = this.mounts.filter(({ at }) => at.length <= path.length && at.every((key, i) => key === path[i]));
    const { at, source } = within.toSorted((a, b) => b.at.length - a.at.length)[0]!;
    const rest = path.slice(at.length);
    return { file: source.file, ...source.locate(rest, message.startsWith('unknown field')), path: rest, message };
  }
}
