import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { OutageFault } from './fault-shapes.ts';

/** The listening socket in front of the HTTPS server, so that a whole address can be out of order for a while. */
export interface Front {
  /** Starts listening and says where. */
  listen(): Promise<number>;
  /** Begins an outage; one that begins during another replaces it. */
  outage(fault: OutageFault): void;
  /** Whether the node that answers has not yet taken over the cluster (fault `failover`). */
  notPrimary(): boolean;
  /** Ends an outage at once. */
  recover(): void;
  close(): Promise<void>;
}

/** A fatal TLS alert, handshake_failure: record type 21, TLS 1.2, two bytes (RFC 5246, 7.2). */
const handshakeFailure = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]);
/** How soon to try again when somebody else took the port while nothing listened on it. */
const relistenMs = 50;

export const makeFront = (host: string, port: number, serve: (socket: Socket) => void): Front => {
  const sockets = new Set<Socket>();
  let actualPort = port;
  let server: Server | undefined;
  let tlsFails = false;
  let notPrimaryUntil = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const accept = (socket: Socket): void => {
    socket.on('error', () => socket.destroy());
    if (tlsFails) {
      socket.once('data', () => socket.end(handshakeFailure));
      return;
    }
    socket.setNoDelay(true);
    serve(socket);
  };
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    accept(socket);
  };
  const open = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const opening = createServer(track);
      opening.once('error', reject);
      opening.listen(actualPort, host, () => {
        server = opening;
        actualPort = (opening.address() as AddressInfo).port;
        resolve(actualPort);
      });
    });
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const shut = (): void => {
    server?.close();
    server = undefined;
    dropAll();
  };
  const reopen = async (): Promise<void> => {
    if (closed || server !== undefined) return;
    try {
      await open();
      // Closed while it was opening: nobody would close this one.
      if (closed) shut();
    } catch {
      timer = setTimeout(() => void reopen(), relistenMs);
    }
  };
  const recover = (): void => {
    clearTimeout(timer);
    tlsFails = false;
    notPrimaryUntil = 0;
    void reopen();
  };

  return {
    listen: open,
    outage(fault) {
      clearTimeout(timer);
      tlsFails = fault.kind === 'tlsFailure';
      notPrimaryUntil = 0;
      if (tlsFails) dropAll();
      else shut();
      timer = setTimeout(() => {
        recover();
        if (fault.kind === 'failover') notPrimaryUntil = Date.now() + (fault.notPrimaryMs ?? 500);
      }, fault.durationMs);
    },
    notPrimary: () => Date.now() < notPrimaryUntil,
    recover,
    async close() {
      closed = true;
      clearTimeout(timer);
      const closing = server;
      server = undefined;
      const done =
        closing === undefined ? Promise.resolve() : new Promise<void>((resolve) => closing.close(() => resolve()));
      dropAll();
      await done;
    },
  };
};
