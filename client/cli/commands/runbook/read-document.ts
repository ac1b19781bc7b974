import { readFile } from 'node:fs/promises';
import { loadRunbookFile, type RunbookFile } from '../../../runbook-file/load.ts';
import { UsageError } from '../../errors.ts';
import type { Io } from '../../io.ts';

/** A document of a file, or of standard input for `-`, checked. Throws `RunbookFileError` with every fault, `UsageError`. */
export async function readDocument(file: string, io: Pick<Io, 'readStdin'>): Promise<RunbookFile> {
  const STDIN = 'standard input';
  try {
    const read = (name: string) => (name === STDIN ? io.readStdin() : readFile(name, 'utf8'));
    return await loadRunbookFile(file === '-' ? STDIN : file, { read });
  } catch (err) {
    if (err instanceof Error && 'code' in err && typeof err.code === 'string' && err.code.startsWith('E')) {
      throw new UsageError(`FILE: ${file} cannot be read: ${err.message}`);
    }
    throw err;
  }
}
