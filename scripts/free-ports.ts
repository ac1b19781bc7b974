import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ephemeral ports of Linux (from 32768), macOS and Windows (from 49152). */
const FIRST_PORT = 15_000;
const LAST_PORT = 31_999;

/**
 * Ports that are free now, all different. They are none of those that an operating system gives to whoever asks for any port:
 * until a process that is still starting listens on one, somebody else would have got it now and then.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch (err) {
    if (err instanceof Error && 'code' in err && (err.code === 'EADDRINUSE' || err.code === 'EACCES')) return false;
    throw err;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
