/** Stands in for what an app brings because its React Native leaves it out: here it is there. */
export {};
