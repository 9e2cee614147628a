// Checks one password over and over, so many at once, and does nothing else: what a sign-in can be held against.
import { performance } from 'node:perf_hooks';
import { argon2id, hash, verify } from 'argon2';

const PASSWORD = 'violet harbour thirty lanterns';

process.on('message', async ({ seconds, atOnce, memoryKiB, passes }) => {
  const stored = await hash(PASSWORD, { type: argon2id, memoryCost: memoryKiB, timeCost: passes, parallelism: 1 });
  const began = performance.now();
  const until = began + seconds * 1000;
  let done = 0;
  const inTurn = async () => {
    while (performance.now() < until) {
      if (!(await verify(stored, PASSWORD))) throw new Error('the password did not match');
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, inTurn));
  process.send({ done, seconds: (performance.now() - began) / 1000 });
});
