// Loaded into the service by the benchmark that measures it, ahead of everything: says over the channel to its parent how much
// memory is left in use after a collection.
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const COLLECTIONS = 3;

process.on('message', async () => {
  // What a collection finds to finalise is free after the next one only.
  for (let done = 0; done < COLLECTIONS; done += 1) {
    collect();
    await setImmediate();
  }
  process.send(process.memoryUsage());
});
// Listening alone is to keep nothing alive.
process.channel.unref();
