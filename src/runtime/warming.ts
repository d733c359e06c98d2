import type { AudienceNeeded } from "../campaign/compile.js";
import { isAbsentFor, placeFor } from "../index/projection.js";
import type { People } from "./world-build.js";

/**
 * The audiences that only wait for planes: the epoch has every segment of theirs for their agency,
 * memory has not. What will not live even then (`refused`, by digest, or a segment that is not
 * there) does not wait.
 */
export function warmingOf(
  needed: readonly AudienceNeeded[],
  { places, absent }: Pick<People, "places" | "absent">,
  refused: ReadonlySet<string>,
): readonly AudienceNeeded[] {
  if (absent.size === 0) return [];
  return needed.filter(({ agency, audience, digest }) => {
    const names = audience.terms.flatMap(({ all, none }) => [...all, ...none]);
    const isAway = (name: string): boolean => isAbsentFor(absent, name, agency);
    const isThere = (name: string): boolean => placeFor(places, name, agency) !== undefined;
    return (
      !refused.has(digest) &&
      names.some(isAway) &&
      names.every((name) => isThere(name) || isAway(name))
    );
  });
}
