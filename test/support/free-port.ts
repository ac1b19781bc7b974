import { freePorts } from '../../scripts/free-ports.ts';

/** A port of the loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
