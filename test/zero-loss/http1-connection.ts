import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ADDED_HEADER, type Answer, answerOf, VERSION_HEADER } from "./answers.ts";

/** One HTTP/1.1 connection, as cheap as it can be: one request at a time, whose answer has a Content-Length. */
export class Http1Connection {
  readonly #socket: Socket;
  readonly #request: string;
  readonly #onCut: (why: string) => void;
  #received = "";
  #done: ((answer: Answer) => void) | undefined;
  #closed = false;

  /** @param options.ca speak TLS, with the host as SNI */
  constructor(port: number, host: string, onCut: (why: string) => void, options: { readonly ca?: string } = {}) {
    this.#request = `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
    this.#onCut = onCut;
    this.#socket =
      options.ca === undefined
        ? connect(port, "127.0.0.1")
        : connectTls({ port, host: "127.0.0.1", servername: host, ca: options.ca, ALPNProtocols: ["http/1.1"] });
    this.#socket.setEncoding("latin1").setNoDelay(true);
    this.#socket.on("data", (text: string) => this.#data(text));
    this.#socket.on("error", (error) => this.#cut(error.message));
    this.#socket.on("close", () => this.#cut("closed"));
  }

  get socket(): Socket {
    return this.#socket;
  }

  get idle(): boolean {
    return this.#done === undefined;
  }

  send(done: (answer: Answer) => void): void {
    this.#done = done;
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #cut(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onCut(`${this.idle ? "idle" : "in a request"}: ${why}`);
  }

  #data(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const head = this.#received.slice(0, end).toLowerCase();
    const length = Number(header(head, "content-length") ?? 0);
    if (this.#received.length < end + 4 + length) return;
    const body = this.#received.slice(end + 4, end + 4 + length);
    this.#received = this.#received.slice(end + 4 + length);
    const done = this.#done;
    this.#done = undefined;
    done?.(answerOf(Number(head.slice(9, 12)), header(head, VERSION_HEADER), header(head, ADDED_HEADER), body));
  }
}

function header(head: string, name: string): string | undefined {
  const at = head.indexOf(`\r\n${name}: `);
  if (at === -1) return undefined;
  const start = at + name.length + 4;
  const end = head.indexOf("\r\n", start);
  return head.slice(start, end === -1 ? undefined : end);
}
