import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it.
 *
 * Not `mkdir` with `recursive`: Node's never ends where a file system answers ENOENT below a directory that exists, as
 * /proc does.
 *
 * @throws what the file system says
 */
export async function makeDirectory(path: string): Promise<void> {
  const above = dirname(path);
  if (above !== path && !(await isDirectory(above))) await makeDirectory(above);
  try {
    await mkdir(path);
  } catch (error) {
    if (!(await isDirectory(path))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
