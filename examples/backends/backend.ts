/** A demo backend: one address that a Service's traffic goes to. */
export interface Backend {
  /** Name of the Service that it stands for; told in every answer. */
  readonly service: string;
  readonly protocol: "http" | "https" | "grpc";
  readonly host: string;
  readonly port: number;
}

/** A backend that listens. */
export interface RunningBackend {
  readonly backend: Backend;
  /** Stops listening and cuts what is open. */
  close(): Promise<void>;
}

/** Which backend answered: the address takes the place of a pod's name. */
export function podOf(backend: Backend): string {
  return `${backend.service}-${backend.host}:${backend.port}`;
}
