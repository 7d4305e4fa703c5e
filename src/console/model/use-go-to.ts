import { useCallback, useEffect, useRef } from "react";
import { type Route, toFragment } from "../address/route.ts";

/** Goes to a page, unless whoever wanted that has left the page where they asked for it. */
export function useGoTo(): (route: Route) => void {
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  return useCallback((route) => {
    if (isHere.current) location.hash = toFragment(route);
  }, []);
}
