import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

/** Where a secret is; never the secret itself. */
export const secretSource = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  { error: 'must be { env: VARIABLE } or { file: PATH }; a secret written here would be in every copy of this file' },
);
export type SecretSource = z.infer<typeof secretSource>;

/** Anew at each call: a rotated secret is used without a restart. The message names the place, never the content. */
export async function readSecret(source: SecretSource, base: string, env: NodeJS.ProcessEnv): Promise<string> {
  if ('env' in source) {
    const value = env[source.env];
    if (!value) throw new Error(`the environment variable ${source.env} is not set; set it, or name another one`);
    return value;
  }
  const file = resolve(base, source.file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (err) {
    throw new Error(`the secret file ${file} cannot be read (${reason(err)}); put it there, or name another one`, {
      cause: err,
    });
  }
  if (text === '') throw new Error(`the secret file ${file} is empty; write the secret into it`);
  return text;
}

/** Why a file cannot be used, in words. */
export const reason = (err: unknown): string => {
  if (err instanceof Error && 'code' in err && typeof err.code === 'string') {
    return { ENOENT: 'no such file', EACCES: 'permission denied', EISDIR: 'it is a folder' }[err.code] ?? err.code;
  }
  return err instanceof Error ? err.message : String(err);
};
