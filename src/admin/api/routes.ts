import type { Desk } from "./desk-parts.js";
import type { FirstRun } from "./first-run.js";
import type { Route } from "./route.js";
import { audienceRoutes } from "./routes-audiences.js";
import { creativeRoutes } from "./routes-creatives.js";
import { entityRoutes } from "./routes-entities.js";
import { factRoutes } from "./routes-facts.js";
import { historyRoutes } from "./routes-history.js";
import { lineItemRoutes } from "./routes-line-items.js";
import { sessionRoutes } from "./routes-session.js";
import { stopRoutes } from "./routes-stops.js";
import { tokenRoutes, userRoutes } from "./routes-users.js";
import type { SignedIn } from "./signed-in.js";

/** Every route of the desk; those of the operator stand in routes-operator. */
export const deskRoutes = (
  desk: Desk,
  signedIn: SignedIn,
  firstRun: FirstRun,
): readonly Route[] => [
  ...sessionRoutes(desk, signedIn, firstRun),
  ...userRoutes(desk, signedIn),
  ...tokenRoutes(desk, signedIn),
  ...entityRoutes(desk),
  ...lineItemRoutes(desk),
  ...stopRoutes(desk),
  ...creativeRoutes(desk),
  ...audienceRoutes(desk),
  ...factRoutes(desk),
  ...historyRoutes(desk),
];
