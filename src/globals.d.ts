/** Filled in by the bundler from package.json. */
declare const MO_VERSION: string;
