import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { isFingerprint, type TlsOptions } from '../element/index.ts';

/** How the certificate of a cluster is checked, as the configuration says it. */
export const tlsSchema = z.union(
  [
    z.strictObject({ caFile: z.string().min(1) }),
    z.strictObject({
      fingerprint: z.string().refine(isFingerprint, { error: 'must be "sha256:" and 64 hexadecimal digits' }),
    }),
    z.strictObject({ insecureSkipVerify: z.literal(true) }),
  ],
  {
    error:
      'must be one of { caFile: PATH }, { fingerprint: "sha256:…64 hexadecimal digits" } or { insecureSkipVerify: true }',
  },
);

/** With the authorities of `caFile`, which is found from the folder `base`. */
export async function readTls(tls: z.infer<typeof tlsSchema> | undefined, base: string): Promise<TlsOptions> {
  if (tls === undefined) return {};
  if (!('caFile' in tls)) return tls;
  const ca = await readFile(resolve(base, tls.caFile), 'utf8');
  if (!holdsCertificate(ca)) throw new Error('it holds no certificate');
  return { ca };
}

/** Node takes any text for authorities, and then trusts nobody. */
function holdsCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
