import type { Desk } from "./desk-parts.js";
import type { FirstRun } from "./first-run.js";
import type { Route } from "./route.js";
import { entityRoutes } from "./routes-entities.js";
import { sessionRoutes } from "./routes-session.js";
import type { SignedIn } from "./signed-in.js";

/** Every route of the desk; those of the operator stand in routes-operator. */
export const deskRoutes = (
  desk: Desk,
  signedIn: SignedIn,
  firstRun: FirstRun,
): readonly Route[] => [...sessionRoutes(desk, signedIn, firstRun), ...entityRoutes(desk)];
