// Loaded into Gatehouse where a run wants a profile of it: samples from the start on, and writes what the time went to when
// the process ends. Node 20 takes no --cpu-prof by its environment.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import path from 'node:path';
import { URL } from 'node:url';

const folder = new URL(import.meta.url).searchParams.get('folder');
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');

process.on('exit', () => {
  session.post('Profiler.stop', (error, { profile }) => {
    if (error) throw error;
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `gatehouse-${process.pid}.cpuprofile`), JSON.stringify(profile));
  });
});
