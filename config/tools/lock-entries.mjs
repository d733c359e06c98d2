/** How the lock file names packages and platforms: shared by the completing script and the test. */

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
];
const processors = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

/**
 * The platform that a package's name states in its last parts, such as `binding-linux-x64-musl`:
 * `{ os, cpu, libc? }`, or null where it states none.
 */
export function platformFromName(name) {
  const parts = name.split(/[/-]/);
  const os = parts.find((part) => systems.includes(part) || part === "win32");
  const cpu = parts.find((part) => processors.includes(part));
  if (os === undefined || cpu === undefined) return null;
  if (os !== "linux") return { os: [os], cpu: [cpu] };
  if (parts.some((part) => part.startsWith("musl"))) {
    return { os: [os], cpu: [cpu], libc: ["musl"] };
  }
  if (parts.some((part) => part.startsWith("gnu"))) {
    return { os: [os], cpu: [cpu], libc: ["glibc"] };
  }
  return { os: [os], cpu: [cpu] };
}

/**
 * The lock path that answers for `name` when the package at `path` asks for it: Node's own walk
 * from the nearest `node_modules` up to the root; null where no entry answers.
 */
export function ownerOf(packages, path, name) {
  for (let folder = path; ; ) {
    const candidate = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
    if (folder === "") return null;
    const cut = folder.lastIndexOf("/node_modules/");
    folder = cut === -1 ? "" : folder.slice(0, cut);
  }
}
