import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

/**
 * An offset that moves all these ports to free ones, in 10,000 to 32,767: above the examples' backends, and below the
 * ports that the system gives to connections.
 */
export async function freeOffset(ports: readonly number[]): Promise<number> {
  const span = 32_767 - Math.max(...ports) - 10_000;
  for (let attempt = 0; attempt < 100; attempt++) {
    const offset = 10_000 + Math.floor(Math.random() * span);
    const free = await Promise.all(ports.map((port) => isFree(port + offset)));
    if (free.every(Boolean)) return offset;
  }
  throw new Error(`no offset frees the ports ${ports.join(", ")}`);
}

/**
 * The first three parts of loopback addresses of one's own, such as `127.93.7`: servers on fixed ports of them meet no
 * other test's.
 */
export function ownLoopback(): string {
  return `127.${1 + Math.floor(Math.random() * 254)}.${1 + Math.floor(Math.random() * 254)}`;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket("udp4");
  try {
    server.listen(port, "0.0.0.0");
    await once(server, "listening");
    socket.bind(port, "0.0.0.0");
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}
