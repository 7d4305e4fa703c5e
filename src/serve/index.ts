/** The door of clients that serve: for browsers, workers and Node alike. */
export type { Routes } from "../rpc/route-table.ts";
export { type ServedRoutes, serveRoutes } from "../rpc/served-routes.ts";
