/**
 * What a dynamically linked program needs: its loader and the libraries that it names (System V ABI, ELF-64, little-endian).
 * Neither says what those need in turn.
 *
 * @throws Error if it is no such program
 */
export function linkage(program: Buffer): {
  readonly loader: string | undefined;
  readonly libraries: readonly string[];
} {
  if (program.readUInt32BE(0) !== 0x7f454c46 || program[4] !== 2 || program[5] !== 1)
    throw new Error("this is no ELF-64 program");
  const headers = Number(program.readBigUInt64LE(0x20));
  const segments = Array.from({ length: program.readUInt16LE(0x38) }, (_, index) => {
    const at = headers + index * program.readUInt16LE(0x36);
    return {
      type: program.readUInt32LE(at),
      offset: Number(program.readBigUInt64LE(at + 8)),
      address: Number(program.readBigUInt64LE(at + 16)),
      size: Number(program.readBigUInt64LE(at + 32)),
    };
  });
  const offsetOf = (address: number): number => {
    const segment = segments.find(
      ({ type, address: start, size }) => type === 1 && address >= start && address < start + size,
    );
    if (segment === undefined) throw new Error(`no segment has the address ${address}`);
    return segment.offset + address - segment.address;
  };
  const text = (at: number): string => program.toString("latin1", at, program.indexOf(0, at));
  const interpreter = segments.find(({ type }) => type === 3);
  const dynamic = segments.find(({ type }) => type === 2);
  const tags: (readonly [tag: number, value: number])[] = [];
  for (let at = dynamic?.offset ?? 0; at < (dynamic?.offset ?? 0) + (dynamic?.size ?? 0); at += 16) {
    const tag = Number(program.readBigInt64LE(at));
    if (tag === 0) break;
    tags.push([tag, Number(program.readBigUInt64LE(at + 8))]);
  }
  const strings = tags.find(([tag]) => tag === 5)?.[1];
  const names = tags.filter(([tag]) => tag === 1).map(([, value]) => value);
  return {
    loader: interpreter === undefined ? undefined : text(interpreter.offset),
    libraries: strings === undefined ? [] : names.map((value) => text(offsetOf(strings) + value)),
  };
}
