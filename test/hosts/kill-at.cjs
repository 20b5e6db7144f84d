// Loaded into mo before it starts: it is killed instead of making its change number $MO_KILL_AT to the disk.
const fs = require('node:fs/promises');
const { syncBuiltinESMExports } = require('node:module');

let left = Number(process.env.MO_KILL_AT);
const changing = ['chmod', 'cp', 'mkdir', 'open', 'rename', 'rm', 'rmdir', 'writeFile'];

if (process.argv[1].endsWith('mo.mjs')) {
  for (const name of changing) {
    const change = fs[name];
    fs[name] = (...args) => {
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      return change(...args);
    };
  }
  syncBuiltinESMExports();
}
