/** Stands in for NetInfo: a network that is always there. */
export default {
  addEventListener(listener: (state: { readonly isConnected: boolean }) => void): () => void {
    listener({ isConnected: true });
    return () => {};
  },
};
