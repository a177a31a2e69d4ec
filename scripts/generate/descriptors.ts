/**
 * Tree-shakes Protobuf descriptors: what is left is what the roots need, without annotations.
 *
 * A root file stays whole. Any other file keeps the top-level messages and enums that something kept refers to, and
 * imports only the files that it still refers to. Of the options, those that change the wire format or mark a field as
 * deprecated stay; validation rules and other annotations go, and with them the files that declare them.
 */
import { clone, create, isFieldSet } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  EnumOptionsSchema,
  type FieldOptions,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  MessageOptionsSchema,
} from "@bufbuild/protobuf/wkt";

/**
 * The files that `roots` need, imports before importers, in a stable order.
 *
 * @throws Error when a root is not among the files.
 */
export function shake(files: readonly FileDescriptorProto[], roots: readonly string[]): readonly FileDescriptorProto[] {
  const isRoot = new Set(roots);
  const missing = roots.filter((root) => !files.some((file) => file.name === root));
  if (missing.length > 0) throw new Error(`not in this release: ${missing.join(", ")}`);

  const declarations = new Map(files.flatMap((file) => declaredIn(file).map(([name, it]) => [name, { file, it }])));
  const kept = reachable(
    files.filter((file) => isRoot.has(file.name)),
    declarations,
  );
  const shaken = files
    .map((file) => keepOnly(file, (name) => isRoot.has(file.name) || kept.has(name), isRoot.has(file.name)))
    .filter((file) => file.messageType.length + file.enumType.length + file.service.length > 0);
  for (const file of shaken) {
    const imports = referencesOf(file).map((name) => declarationOf(name, declarations).file.name);
    file.dependency = [...new Set(imports)].filter((name) => name !== file.name).sort();
  }
  return importsFirst(shaken);
}

type Declaration = DescriptorProto | EnumDescriptorProto;
interface Declared {
  readonly name: string;
  readonly file: FileDescriptorProto;
  readonly it: Declaration;
}
type Declarations = ReadonlyMap<string, Omit<Declared, "name">>;

function declaredIn(file: FileDescriptorProto): readonly (readonly [name: string, it: Declaration])[] {
  return [...file.messageType, ...file.enumType].map((it) => [`.${file.package}.${it.name}`, it]);
}

/** The top-level declaration that holds a type, for instance ".a.Outer" for ".a.Outer.Inner". */
function declarationOf(type: string, declarations: Declarations): Declared {
  for (let name = type; name !== ""; name = name.slice(0, name.lastIndexOf("."))) {
    const found = declarations.get(name);
    if (found !== undefined) return { name, ...found };
  }
  throw new Error(`nothing declares ${type}`);
}

function reachable(roots: readonly FileDescriptorProto[], declarations: Declarations): ReadonlySet<string> {
  const kept = new Set<string>();
  const pending = roots.flatMap(referencesOf);
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) {
    const { name, it } = declarationOf(type, declarations);
    if (kept.has(name)) continue;
    kept.add(name);
    if (it.$typeName === "google.protobuf.DescriptorProto") pending.push(...messageReferences(it));
  }
  return kept;
}

function messageReferences(message: DescriptorProto): readonly string[] {
  const own = message.field.map((field) => field.typeName).filter((name) => name !== "");
  return [...own, ...message.nestedType.flatMap(messageReferences)];
}

function referencesOf(file: FileDescriptorProto): readonly string[] {
  const methods = file.service.flatMap((service) => service.method);
  return [...file.messageType.flatMap(messageReferences), ...methods.flatMap((it) => [it.inputType, it.outputType])];
}

function keepOnly(
  original: FileDescriptorProto,
  wanted: (name: string) => boolean,
  services: boolean,
): FileDescriptorProto {
  const file = clone(FileDescriptorProtoSchema, original);
  const isWanted = ({ name }: Declaration) => wanted(`.${file.package}.${name}`);
  file.messageType = file.messageType.filter(isWanted);
  file.enumType = file.enumType.filter(isWanted);
  file.service = services ? file.service : [];
  file.extension = [];
  file.publicDependency = [];
  file.weakDependency = [];
  file.options = undefined;
  for (const message of file.messageType) stripMessage(message);
  for (const it of file.enumType) stripEnum(it);
  for (const service of file.service) {
    service.options = undefined;
    for (const method of service.method) method.options = undefined;
  }
  return file;
}

function stripMessage(message: DescriptorProto): void {
  message.extension = [];
  message.options = message.options?.mapEntry ? create(MessageOptionsSchema, { mapEntry: true }) : undefined;
  for (const field of message.field) {
    field.options = wireAndDeprecation(field.options);
  }
  for (const oneof of message.oneofDecl) oneof.options = undefined;
  for (const nested of message.nestedType) stripMessage(nested);
  for (const it of message.enumType) stripEnum(it);
}

/** An option that is not set reads as its default, hence the explicit look. */
function wireAndDeprecation(options: FieldOptions | undefined): FieldOptions | undefined {
  if (options === undefined) return undefined;
  const kept = create(FieldOptionsSchema);
  const { packed, deprecated } = FieldOptionsSchema.field;
  if (isFieldSet(options, packed)) kept.packed = options.packed;
  if (isFieldSet(options, deprecated)) kept.deprecated = options.deprecated;
  return isFieldSet(kept, packed) || isFieldSet(kept, deprecated) ? kept : undefined;
}

function stripEnum(it: EnumDescriptorProto): void {
  it.options = it.options?.allowAlias ? create(EnumOptionsSchema, { allowAlias: true }) : undefined;
  for (const value of it.value) value.options = undefined;
}

function importsFirst(files: readonly FileDescriptorProto[]): readonly FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const ordered = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto) => {
    for (const name of file.dependency) {
      const imported = byName.get(name);
      if (imported !== undefined && !ordered.has(imported)) visit(imported);
    }
    ordered.add(file);
  };
  for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) visit(file);
  return [...ordered];
}
