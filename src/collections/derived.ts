import type { Equals } from "./collection.ts";
import { CollectionError } from "./error.ts";
import { type CollectionDump, CollectionNode, type Engine, type Source } from "./node.ts";

/** A collection that is a function of others: collects the keys that they changed, and brings them up to date once. */
export abstract class DerivedNode<Value> extends CollectionNode<Value> {
  readonly #parents: readonly Source[];
  readonly #marked = new Set<string>();
  #runs = 0;

  constructor(engine: Engine, name: string, order: number, parents: readonly Source[], equals: Equals<Value>) {
    super(engine, name, order, equals);
    this.#parents = parents;
  }

  /** Called in creation: derives what the parents hold by now. */
  build(): void {
    for (const parent of this.#parents) for (const key of parent.keys()) this.#marked.add(key);
    this.settle();
    this.forgetChanges();
  }

  /** From now on, follows its parents. */
  connect(): void {
    for (const parent of this.#parents) parent.addDependent(this.mark);
  }

  /** Has a parent's key brought up to date in this transaction. */
  readonly mark = (key: string): void => {
    if (this.#marked.size === 0) this.engine.schedule(this);
    this.#marked.add(key);
  };

  override get runs(): number {
    return this.#runs;
  }

  override dump(): CollectionDump {
    return { ...super.dump(), parents: this.#parents.map(({ name }) => name) };
  }

  protected override update(): void {
    for (const key of this.#marked) this.refresh(key);
    this.#marked.clear();
    this.flush();
  }

  /** Brings up to date what depends on this key of a parent. */
  protected abstract refresh(key: string): void;

  /** Called after the last `refresh` of a transaction, for what is best done once. */
  protected flush(): void {}

  /** The answer of a function of the user's for a key, or undefined after reporting what it threw. */
  protected run<Result>(key: string, compute: () => Result): Result | undefined {
    this.#runs += 1;
    try {
      return compute();
    } catch (cause) {
      this.engine.fail(new CollectionError(this.name, key, cause));
      return undefined;
    }
  }
}
