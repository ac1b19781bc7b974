/** The path leads, or might lead, out of what the configuration allows. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError' as const;
}

/**
 * The address of one call: below the hook's own, whatever the path says. The path may come from a document; so it has no
 * scheme, no host, no query, nothing that climbs, and is compared once more after the URL was made of it.
 */
export function hookURL(base: string, path = '', query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(base);
  if (path !== '') {
    const root = url.pathname.replace(/\/+$/, '');
    url.pathname = `${root}/${safePath(path)}`;
    if (url.origin !== new URL(base).origin || !url.pathname.startsWith(`${root}/`)) refuse(path);
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
  return url.href;
}

function safePath(path: string): string {
  const rest = path.replace(/^\//, '');
  if (rest.startsWith('/') || /[\\?#\p{Cc}]/u.test(rest) || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(rest)) refuse(path);
  // Also as a server might read it that decodes first, or twice.
  let decoded = rest;
  for (let i = 0; i < 3; i += 1) {
    if (/[\\\p{Cc}]/u.test(decoded) || decoded.split('/').some((part) => part === '..' || part === '.')) refuse(path);
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      refuse(path);
    }
  }
  if (/[\\\p{Cc}]/u.test(decoded) || decoded.split('/').some((part) => part === '..' || part === '.')) refuse(path);
  return rest;
}

function refuse(path: string): never {
  throw new UnsafePathError(
    `path: ${JSON.stringify(path)} must be a path below the hook's address, without "..", scheme, host, "?" or "#"; give a query in query`,
  );
}
