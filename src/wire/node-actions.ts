/**
 * What to do about errors that only programs on Node have: daemons, the command line, files. Pages do not load it.
 */
export const NODE_ACTIONS = {
  CREDENTIALS_UNCONFIGURED:
    "Give `authenticate` (loadOrCreateTokenFile makes one); on loopback `insecureNoAuth: true` does without.",
  DATABASE_CORRUPT: "Restore the database from a backup, or move it away: then everything begins anew.",
  DATABASE_LOCKED: "Stop the other program that has the database open, or give another path.",
  DATABASE_NEWER: "Update this program: a newer version of it has written the database.",
  DATABASE_UNUSABLE: "Give the path of a database of Moorline, or of a new file in a directory that can be written.",
  IDENTITY_MALFORMED:
    "Restore the identity from a backup; without it the daemon gets another server id and clients refuse it.",
  IDENTITY_CHANGED: "Put the identity file back that this state directory was made with, or give another directory.",
  IDENTITY_MISSING:
    "Restore the identity file from a backup, or give another directory; no other identity is made here.",
  INSECURE_LISTEN: "Listen on 127.0.0.1 or ::1; beyond loopback give both `tls` and `authenticate`.",
  LISTEN_FAILED: "Look at the cause, and give an address that this machine has.",
  PAGES_UNUSABLE:
    "Give the folder of a page that was built, with an index.html; `npm run build:console` builds the console.",
  PORT_IN_USE: "Stop the program that listens there, or give another port; 0 takes a free one.",
  SERVER_CLOSED: "Create a new server: a closed one is never opened again.",
  STATE_DIRECTORY_UNUSABLE: "Give the path of a directory that this user can write to, or of none yet.",
  TIMELINE_DELETED: "Open the timeline again: then it is a new one, with another epoch.",
  TIMELINE_ITEM_TOO_LARGE: "Append an item of its own for what is left.",
  TIMELINE_ITEM_UNKNOWN: "Give the seq that the append of the item came back with.",
  TOKEN_FILE_UNUSABLE:
    "Give the token file of the daemon by --token-file; a daemon writes it into its state directory.",
} as const satisfies Record<string, string>;

/** A code of an error that only programs on Node have. */
export type NodeErrorCode = keyof typeof NODE_ACTIONS;
