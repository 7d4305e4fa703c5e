/** The version of this command line, that of the package. */
export const VERSION = "0.1.0";
