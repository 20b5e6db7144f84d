#!/usr/bin/env node
// Nothing but this guard may run on an old Node: everything else is imported after it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `mo needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and run mo again.\n`,
  );
  process.exitCode = 5;
} else {
  const { main } = await import('./app.ts');
  process.exitCode = await main(process.argv.slice(2));
}
